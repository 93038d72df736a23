using System.Diagnostics;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Google.Protobuf;
using Grpc.Core;

namespace DmAgents.Cli.Tests;

/// <summary>Ctrl-C, with the real program: a signal needs a process.</summary>
public class InterruptTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Ctrl_C_is_how_following_ends_well()
    {
        await using var agent = (await FakeAgent.StartAsync()).With<FollowEventsRequest>(OneThenNone);
        using var program = Start(agent, "event", "list", "--follow");
        var first = await program.StandardOutput.ReadLineAsync().WaitAsync(_patience);
        Assert.Contains("pool-opened", first, StringComparison.Ordinal);

        Assert.Equal(0, await InterruptAsync(program));
        Assert.Empty(await program.StandardError.ReadToEndAsync());
    }

    [Fact]
    public async Task Ctrl_C_in_a_change_leaves_the_id_with_which_to_ask_again()
    {
        var asked = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var agent = (await FakeAgent.StartAsync()).With<RemovePoolRequest>((request, context) =>
        {
            asked.SetResult(request.RequestId);
            return Never(context);
        });
        using var program = Start(agent, "pool", "remove", "fast");
        var id = await asked.Task.WaitAsync(_patience);

        Assert.Equal(1, await InterruptAsync(program));
        var error = await program.StandardError.ReadToEndAsync();
        Assert.StartsWith("dmagent: pool remove: fast: interrupted", error, StringComparison.Ordinal);
        Assert.Contains($"--request-id {id}", error, StringComparison.Ordinal);
    }

    private static Process Start(FakeAgent agent, params string[] args)
    {
        // Who started these tests in the background may have left the signal ignored, which a program inherits.
        var start = new ProcessStartInfo(
            "/usr/bin/env", ["--default-signal=INT", Path.Combine(BuiltProgram.Directory, "dmagent"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DMAGENT_SOCKET"] = agent.Socket;
        return Process.Start(start)!;
    }

    private static async Task<int> InterruptAsync(Process program)
    {
        using var kill = Process.Start("bash", ["-c", $"kill -INT {program.Id}"]);
        using var limit = new CancellationTokenSource(_patience);
        await program.WaitForExitAsync(limit.Token);
        return program.ExitCode;
    }

    private static async IAsyncEnumerable<IMessage> OneThenNone(FollowEventsRequest request, ServerCallContext context)
    {
        yield return new Event { Type = "pool-opened" };
        await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
    }

    private static async IAsyncEnumerable<IMessage> Never(ServerCallContext context)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
        yield return new RemovePoolReply();
    }
}
