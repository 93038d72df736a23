using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Spectre.Console;

namespace DmAgents.Cli.Events;

internal static class EventCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "event", "What happened on this host, or on all hosts of its fleet.", "dmagent event list --since 1h")
    {
        List(shell),
    };

    private static CliCommand List(CliShell shell)
    {
        var pool = CommonSymbols.PoolFilter(shell);
        var since = new Option<string?>("--since")
        {
            Description = "Only events since then: 10m, 2h, 1d ago, or a time such as 2026-05-01T12:00",
            HelpName = "time",
        };
        since.Validators.Add(result =>
        {
            var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
            if (!TimeSpans.TryParsePoint(text, shell.Environment.Clock.GetUtcNow(), out _))
                result.AddError($"'{text}' is not a time: use 10m, 2h, 1d or 2026-05-01T12:00.");
        });
        var limit = new Option<uint>("--limit", "-n")
        {
            Description = "At most so many, the newest",
            HelpName = "number",
        };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with each event as it happens" };
        var fleet = new Option<bool>("--fleet")
        {
            Description = "Those of all hosts of the fleet, by time; hosts that do not answer are named",
        };
        var command = new CliCommand(
            "list", "List events, the oldest first.",
            "dmagent event list --since 1h", "dmagent event list --pool fast --follow --json",
            "dmagent event list --follow --fleet")
            { pool, since, limit, follow, fleet }.AlsoKnownAs("ls");
        command.Validators.Add(result =>
        {
            if (CommonSymbols.Given(result, follow) && CommonSymbols.Given(result, limit))
                result.AddError("--limit and --follow exclude each other.");
        });
        return command.Runs(shell, async call =>
        {
            var filter = (Pool: call.Parsed.GetValue(pool) ?? "", Since: Point(call, call.Parsed.GetValue(since)));
            if (call.Parsed.GetValue(follow))
            {
                await FollowAsync(call, new FollowEventsRequest
                {
                    Pool = filter.Pool, Since = filter.Since, Fleet = call.Parsed.GetValue(fleet),
                });
            }
            else
            {
                await ListAsync(call, new ListEventsRequest
                {
                    Pool = filter.Pool,
                    Since = filter.Since,
                    Limit = call.Parsed.GetValue(limit),
                    Fleet = call.Parsed.GetValue(fleet),
                });
            }
        });
    }

    private static async Task ListAsync(AgentCall call, ListEventsRequest request)
    {
        var reply = await call.Events.ListAsync(request, call.Unary);
        call.Output.Document(
            reply,
            console =>
            {
                if (reply.Events.Count == 0)
                    console.WriteLine("There is no such event.");
                foreach (var one in reply.Events)
                    Write(console, one, call.Now);
            },
            reply.Events.Select(one => one.Type));
        foreach (var host in reply.Silent)
            call.Output.Warning($"the events of host {host.Host} are missing: {host.Why}");
    }

    private static async Task FollowAsync(AgentCall call, FollowEventsRequest request)
    {
        try
        {
            await foreach (var one in call.StreamAsync(options => call.Events.Follow(request, options), endless: true))
            {
                if (request.Fleet && one.Type is "host-silent" or "host-heard")
                    call.Output.Notice(one, $"host {one.Host}: {one.Text}");
                else
                    call.Output.Item(one, console => Write(console, one, call.Now), one.Type);
            }
        }
        catch (RpcException stopped) when (call.Interrupted && stopped.StatusCode == StatusCode.Cancelled)
        {
            // The user stops following with Ctrl-C.
        }
    }

    private static void Write(IAnsiConsole console, Event one, DateTimeOffset now)
    {
        var where = string.Join('/', new[] { one.Pool, Words.Short(one.Object) }.Where(part => part.Length > 0));
        var detail = string.Join(' ', Labels.Of(one.Detail));
        console.WriteLine(string.Join("  ", new[]
        {
            Times.Ago(one.Time, now).PadLeft(14), one.Host, one.Type, where, one.Text, detail,
        }.Where(part => part.Length > 0)));
    }

    private static Timestamp? Point(AgentCall call, string? since) =>
        since is not null && TimeSpans.TryParsePoint(since, call.Now, out var point)
            ? Timestamp.FromDateTimeOffset(point)
            : null;
}
