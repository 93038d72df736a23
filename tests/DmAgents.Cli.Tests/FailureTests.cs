using System.Net.Sockets;
using System.Text.Json;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace DmAgents.Cli.Tests;

public class FailureTests
{
    [Theory]
    [InlineData(Problem.Types.Kind.Failed, StatusCode.Internal, 1)]
    [InlineData(Problem.Types.Kind.Usage, StatusCode.InvalidArgument, 2)]
    [InlineData(Problem.Types.Kind.NotFound, StatusCode.NotFound, 3)]
    [InlineData(Problem.Types.Kind.Refused, StatusCode.FailedPrecondition, 4)]
    [InlineData(Problem.Types.Kind.NoSpace, StatusCode.ResourceExhausted, 5)]
    [InlineData(Problem.Types.Kind.Busy, StatusCode.Aborted, 4)]
    [InlineData(Problem.Types.Kind.Unavailable, StatusCode.Unavailable, 6)]
    [InlineData(Problem.Types.Kind.TimedOut, StatusCode.DeadlineExceeded, 1)]
    public async Task Each_kind_of_problem_has_its_exit_code(Problem.Types.Kind kind, StatusCode status, int code)
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).Refuses<ShowPoolRequest>(status, new Problem
        {
            Kind = kind, What = "show pool", Object = "fast", Why = "because", Next = "do that",
        });

        var run = await Run.Of(agent, "pool", "show");

        Assert.Equal(code, run.Code);
        Assert.Empty(run.Out);
        Assert.Equal("dmagent: show pool: fast: because\n  next: do that\n", run.Error);
    }

    [Fact]
    public async Task A_problem_is_one_line_of_json_on_stderr_for_scripts()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).Refuses<RemovePoolRequest>(
            StatusCode.FailedPrecondition,
            new Problem
            {
                Kind = Problem.Types.Kind.Refused, What = "remove pool", Object = "fast", Why = "2 containers",
                Next = "remove them first",
            });

        var run = await Run.Of(agent, "pool", "remove", "fast", "--json");

        Assert.Equal(4, run.Code);
        Assert.Empty(run.Out);
        Assert.Equal(
            """{"error":{"kind":"refused","what":"remove pool","object":"fast","why":"2"""
            + """ containers","next":"remove them first","exit_code":4}}""" + "\n",
            run.Error);
    }

    [Fact]
    public async Task A_problem_that_ends_a_stream_is_told_as_well()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).Streams<ImportImageRequest>(Broken);

        var run = await Run.Of(agent, "image", "import", "x.tar");

        Assert.Equal(1, run.Code);
        Assert.Contains("layer 1/2 aaaaaaaaaaaa unpacking", run.Out, StringComparison.Ordinal);
        Assert.Equal("dmagent: import image: x.tar: digest mismatch\n", run.Error);

        static IEnumerable<IMessage> Broken(ImportImageRequest request)
        {
            yield return ImportTests.Progress(1, ImportProgress.Types.Phase.Unpacking, 10);
            throw Thrown(StatusCode.Internal, new Problem
            {
                Kind = Problem.Types.Kind.Failed, What = "import image", Object = "x.tar", Why = "digest mismatch",
            });
        }
    }

    [Fact]
    public async Task A_stream_without_its_result_is_a_failure_that_can_be_repeated()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).Streams<ImportImageRequest>(_ => []);
        var run = await Run.Of(agent, "image", "import", "x.tar");
        Assert.Equal(1, run.Code);
        Assert.Contains($"--request-id {Run.RequestId}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_trailer_leaves_the_status()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).On<ShowPoolRequest>(_ =>
            throw new RpcException(
                new Status(StatusCode.Internal, "disk on fire"),
                new Metadata { { "dmagents-problem-bin", [0xff, 0xff, 0xff] } }));
        var run = await Run.Of(agent, "pool", "show");
        Assert.Equal(1, run.Code);
        Assert.Contains("pool show: fast: Internal: disk on fire", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_of_another_version_is_named_as_such()
    {
        await using var agent = await FakeAgent.StartAsync();
        var run = await Run.Of(agent, "host", "status");
        Assert.Equal(1, run.Code);
        Assert.Contains("it is of another version", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_answer_in_time_means_unknown_and_names_the_request_to_repeat()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).With<RemovePoolRequest>(Never);
        var run = await Run.Of(agent, "pool", "remove", "fast", "--timeout", "0.4s");
        Assert.Equal(1, run.Code);
        Assert.Contains("pool remove: fast: no answer in time", run.Error, StringComparison.Ordinal);
        Assert.Contains($"with --request-id {Run.RequestId}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repeated_request_carries_the_given_id()
    {
        await using var agent = (await FakeAgent.StartAsync())
            .On<RemovePoolRequest>(request => new RemovePoolReply { Pool = request.Pool });
        await Run.Of(agent, "pool", "remove", "fast");
        await Run.Of(agent, "pool", "remove", "fast", "--request-id", "earlier");
        Assert.Equal(
            [Run.RequestId, "earlier"], agent.Requests.OfType<RemovePoolRequest>().Select(each => each.RequestId));
    }

    [Theory]
    [InlineData("/nowhere/admin.sock", "there is no such socket", "systemctl start dmagentd")]
    [InlineData("/etc/passwd/admin.sock", "there is no such socket", "--socket")]
    public async Task A_missing_socket_is_named(string path, string why, string next)
    {
        var run = await Run.Of(Run.Plain(), "pool", "list", "--socket", path);
        Assert.Equal(6, run.Code);
        Assert.StartsWith($"dmagent: agent unreachable: {path}: {why}", run.Error, StringComparison.Ordinal);
        Assert.Contains(next, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_on_which_nobody_listens_is_told_from_a_missing_one()
    {
        var path = Path.Combine(Path.GetTempPath(), $"dmagent-test-{Guid.NewGuid():N}.sock");
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            socket.Bind(new UnixDomainSocketEndPoint(path));
        // Closing a socket in .NET removes its file; an agent that was killed leaves it.
        await File.WriteAllTextAsync(path, "");
        try
        {
            var run = await Run.Of(Run.Plain(), "pool", "list", "--socket", path);
            Assert.Equal(6, run.Code);
            Assert.Contains($"{path}: the socket is there, but no process listens", run.Error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Without_permission_the_group_is_named()
    {
        // Root may connect to any socket: the refusal comes from the transport that the test puts in.
        var environment = Run.Plain() with
        {
            Connect = _ => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler
                {
                    ConnectCallback = (_, _) => throw new SocketException((int)SocketError.AccessDenied),
                },
            }),
        };
        var run = await Run.Of(environment, "pool", "list", "--json");
        Assert.Equal(6, run.Code);
        using var error = JsonDocument.Parse(run.Error);
        var why = error.RootElement.GetProperty("error").GetProperty("why").GetString();
        Assert.Equal("no permission to use the socket", why);
        Assert.Contains("group dmagents", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_too_long_for_a_socket_is_usage()
    {
        var run = await Run.Of(Run.Plain(), "pool", "list", "--socket", "/" + new string('x', 120));
        Assert.Equal(2, run.Code);
        Assert.Contains("107 bytes", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_comes_from_the_option_then_the_variable_then_the_default()
    {
        var named = Run.Plain() with { Variable = name => name == "DMAGENT_SOCKET" ? "/from/variable" : null };
        var plain = Run.Plain() with { Connect = path => throw new InvalidOperationException(path) };

        var option = await Run.Of(named, "pool", "list", "--socket", "/from/option");
        var variable = await Run.Of(named, "pool", "list");
        var neither = await Run.Of(plain, "pool", "list");

        Assert.Contains("/from/option", option.Error, StringComparison.Ordinal);
        Assert.Contains("/from/variable", variable.Error, StringComparison.Ordinal);
        Assert.Contains("/run/dmagents/admin.sock", neither.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_no_pool_or_several_the_command_says_which()
    {
        await using var none = await FakeAgent.WithPoolsAsync();
        var run = await Run.Of(none, "pool", "show");
        Assert.Equal(3, run.Code);
        Assert.Contains("there is no pool", run.Error, StringComparison.Ordinal);

        await using var several = await FakeAgent.WithPoolsAsync("fast", "slow");
        run = await Run.Of(several, "container", "show", "web");
        Assert.Equal(2, run.Code);
        Assert.Contains(
            "container show: web: there are several pools: fast, slow", run.Error, StringComparison.Ordinal);
    }

    private static RpcException Thrown(StatusCode status, Problem problem) => new(
        new Status(status, problem.Why), new Metadata { { "dmagents-problem-bin", problem.ToByteArray() } });

    private static async IAsyncEnumerable<IMessage> Never(RemovePoolRequest request, ServerCallContext context)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
        yield return new RemovePoolReply();
    }
}
