using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Fleet;

internal static class FleetJoin
{
    public static CliCommand Build(CliShell shell)
    {
        var address = new Argument<string>("address")
        {
            Description = "The host that made the fleet, as `dmagent fleet token` prints it there",
            HelpName = "host:port",
        };
        var token = new Option<string>("--token")
        {
            Description = "A join token of that host", HelpName = "token", Required = true,
        };
        var (host, own) = (FleetCommands.Host(), FleetCommands.Address());
        return new CliCommand(
            "join", "Make this host a member of a fleet. Its key stays here; the host that made the fleet signs it.",
            "dmagent fleet join 10.0.0.1:9471 --token dmf0123 --address 10.0.0.2:9471",
            "dmagent fleet join web1.example.net:9471 --token dmf0123 --host web2") { address, token, host, own }
            .Runs(shell, async call =>
            {
                var request = new JoinFleetRequest
                {
                    Address = call.Parsed.GetRequiredValue(address),
                    Token = call.Parsed.GetRequiredValue(token),
                    Host = call.Parsed.GetValue(host) ?? "",
                    OwnAddress = call.Parsed.GetValue(own) ?? "",
                };
                FleetStatus? status = null;
                await foreach (var reply in call.About(request.Address).StreamAsync(
                    options => call.Fleets.Join(request, options)))
                {
                    if (reply.WhatCase == JoinFleetReply.WhatOneofCase.Step)
                        call.Output.Progress(reply, reply.Step);
                    status = reply.Status ?? status;
                }
                var joined = status ?? throw call.Problem(
                    Problem.Types.Kind.Failed, "the agent ended its answer before the result",
                    "see what became of it: dmagent fleet status");
                call.Output.Document(
                    new JoinFleetReply { Status = joined },
                    console => console.Profile.Out.Writer.WriteLine(
                        $"{joined.Host} is a member of fleet {joined.Fleet}, with {joined.Hosts.Count - 1} other "
                        + (joined.Hosts.Count == 2 ? "host" : "hosts")),
                    joined.Host);
            });
    }
}
