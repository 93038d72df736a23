using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Completion;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Fleet;

internal static class FleetCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "fleet", "The fleet of hosts that this one is a member of.",
        "dmagent fleet init prod --address 10.0.0.1:9471", "dmagent fleet token", "dmagent fleet status")
    {
        Init(shell),
        Token(shell),
        FleetJoin.Build(shell),
        Status(shell),
        Leave(shell),
        Revoke(shell),
    };

    public static Option<string?> Host() => new("--host")
    {
        Description = "This host's name in the fleet [default: its own, up to the first dot]", HelpName = "name",
    };

    public static Option<string?> Address() => new("--address")
    {
        Description = "Where other hosts reach this one; the two ports behind it are used, too "
            + "[default: fleet.address of the configuration, else this host's name and port 9471]",
        HelpName = "host:port",
    };

    private static CliCommand Init(CliShell shell)
    {
        var name = new Argument<string>("name") { Description = "Name of the fleet" };
        var (host, address) = (Host(), Address());
        return new CliCommand(
            "init",
            "Make a fleet, with this host as its first member. It has the fleet's authority: it lets others in.",
            "dmagent fleet init prod --address 10.0.0.1:9471",
            "dmagent fleet init prod --host web1 --address web1.example.net:9471") { name, host, address }
            .Runs(shell, async call =>
            {
                var fleet = call.Parsed.GetRequiredValue(name);
                var status = await call.About(fleet).Fleets.InitAsync(
                    new InitFleetRequest
                    {
                        Name = fleet,
                        Host = call.Parsed.GetValue(host) ?? "",
                        Address = call.Parsed.GetValue(address) ?? "",
                    },
                    call.Unary);
                call.Output.Sentence(
                    status,
                    $"fleet {status.Fleet} has its first host, {status.Host} at {status.Address}\n"
                        + "To let another host in, print a join token here: dmagent fleet token",
                    status.Host);
            });
    }

    private static CliCommand Token(CliShell shell)
    {
        var life = new Option<TimeSpan?>("--ttl")
        {
            Description = "How long it can be used, from 1m to 7d [default: 1h]", HelpName = "time",
            CustomParser = TimeSpans.Parse,
        };
        return new CliCommand(
            "token", "Print a join token, which lets one host in, once. Only on the host that made the fleet.",
            "dmagent fleet token", "dmagent fleet token --ttl 15m --quiet") { life }
            .Runs(shell, async call =>
            {
                var span = call.Parsed.GetValue(life) ?? TimeSpan.FromHours(1);
                var made = await call.Fleets.MakeTokenAsync(
                    new MakeFleetTokenRequest { LifeSeconds = (ulong)span.TotalSeconds }, call.Unary);
                call.Output.Sentence(
                    made,
                    $"On the host that is to join fleet {made.Fleet}, within {TimeSpans.Words(span)}:\n\n"
                        + $"  dmagent fleet join {made.Address} --token {made.Token}\n\n"
                        + "The token lets one host in, once. It cannot be shown again.",
                    made.Token);
            });
    }

    private static CliCommand Status(CliShell shell) => new CliCommand(
        "status", "Show the fleet as this host sees it: hosts, splits, certificates and their ends.",
        "dmagent fleet status", "dmagent fleet status --json | jq -r '.hosts[] | select(.unreachable_since) | .host'")
        .Runs(shell, async call =>
        {
            var status = await call.Fleets.GetStatusAsync(new GetFleetStatusRequest(), call.Unary);
            call.Output.Document(
                status, console => FleetView.Write(console, status, call.Now),
                status.Hosts.Select(host => host.Host.Length > 0 ? host.Host : host.Address));
        });

    private static CliCommand Leave(CliShell shell)
    {
        var force = CommonSymbols.Force(
            "Also if the fleet's last verified copy of an image is here, the host that made the fleet does not answer, "
            + "the fleet's files are damaged, or this host's disk is a copy of a member's");
        return new CliCommand(
            "leave", "Leave the fleet: this host's certificate is revoked and its key deleted. Its pools stay.",
            "dmagent fleet leave") { force }
            .Runs(shell, async call =>
            {
                var left = await call.Fleets.LeaveAsync(
                    new LeaveFleetRequest { Force = call.Parsed.GetValue(force) }, call.Unary);
                call.Output.Sentence(left, LeftText(left), left.Host);
                if (left.NotRevokedWhy.Length > 0)
                {
                    call.Output.Warning(
                        $"the host that made the fleet does not know of it: {left.NotRevokedWhy}; revoke this host "
                        + $"there: dmagent fleet revoke {left.Host}");
                }
            });
    }

    private static string LeftText(LeaveFleetReply left) => left switch
    {
        { Fleet.Length: 0 } => "this host was in no fleet",
        { CopyLeft: true } =>
            $"this copy of {left.Host} is out of fleet {left.Fleet}; nothing was revoked, and {left.Host} itself stays",
        { FleetEnded: true } => $"{left.Host} left fleet {left.Fleet}, which has no host any more and is gone",
        _ => $"{left.Host} left fleet {left.Fleet}",
    };

    private static CliCommand Revoke(CliShell shell)
    {
        var host = new Argument<string>("host") { Description = "Name of the host in the fleet" };
        host.CompletionSources.Add(Names.Of(shell, Names.FleetHosts));
        return new CliCommand(
            "revoke",
            "Revoke a host: it is removed from the fleet, and no member talks to it. Only on the host that made it.",
            "dmagent fleet revoke web3") { host }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(host);
                var reply = await call.About(name).Fleets.RevokeAsync(
                    new RevokeFleetHostRequest { Host = name }, call.Unary);
                call.Output.Sentence(reply, $"{reply.Host} is revoked in fleet {reply.Fleet}", reply.Host);
            });
    }
}
