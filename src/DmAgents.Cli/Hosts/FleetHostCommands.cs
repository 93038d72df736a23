using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Completion;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;
using Spectre.Console;

namespace DmAgents.Cli.Hosts;

/// <summary>The hosts of the fleet, as they announce themselves.</summary>
internal static class FleetHostCommands
{
    public static CliCommand List(CliShell shell) => new CliCommand(
        "list", "List the hosts of the fleet: state, version, and what their pools have free.",
        "dmagent host list", "dmagent host list --json | jq -r '.hosts[] | select(.state != \"up\") | .host'")
        .AlsoKnownAs("ls")
        .Runs(shell, async call =>
        {
            var reply = await call.Inventory.ListHostsAsync(new ListFleetHostsRequest(), call.Unary);
            call.Output.Document(
                reply, console => Write(console, reply.Hosts, call.Now), reply.Hosts.Select(host => host.Host));
        });

    public static CliCommand Show(CliShell shell)
    {
        var host = new Argument<string>("host") { Description = "Name of the host in the fleet" };
        host.CompletionSources.Add(Names.Of(shell, Names.FleetHosts));
        return new CliCommand(
            "show", "Show a host of the fleet: state, since when, and its pools with what is free and promised.",
            "dmagent host show web2") { host }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(host);
                var shown = await call.About(name).Inventory.ShowHostAsync(
                    new ShowFleetHostRequest { Host = name }, call.Unary);
                call.Output.Document(shown, console => Write(console, shown, call.Now), shown.Host);
            });
    }

    private static void Write(IAnsiConsole console, IEnumerable<InventoryHost> hosts, DateTimeOffset now)
    {
        var list = new Listing(
            "The fleet has no host.", "HOST", "STATE", "SINCE", "VERSION", "POOLS", ">DATA FREE", ">METADATA FREE", "");
        foreach (var host in hosts)
        {
            var data = Sum(host, pool => pool.DataFreeBytes, pool => pool.DataTotalBytes);
            var metadata = Sum(host, pool => pool.MetadataFreeBytes, pool => pool.MetadataTotalBytes);
            list.Row(
                host.Host, Words.Of(host.State), Times.Ago(host.Since, now), Words.OrDash(host.AgentVersion),
                Words.OrDash(string.Join(", ", host.Pools.Select(pool => pool.Pool))), data, metadata,
                host.IsThisHost ? "this host" : "");
        }
        list.Write(console);
    }

    private static void Write(IAnsiConsole console, InventoryHost host, DateTimeOffset now)
    {
        new Sheet().Group($"host {host.Host}")
            .Row("state", $"{Words.Of(host.State)}, since {Times.Ago(host.Since, now)}")
            .Row("address", Words.OrDash(host.Address))
            .Row("version", Words.OrDash(host.AgentVersion))
            .Row("its pools", host.IsHeard ? "as it announces them" : "as it announced them last; it is not heard now")
            .Write(console);
        console.WriteLine();
        var list = new Listing(
            "It has no pool.", "POOL", ">DATA FREE", ">PROMISED", ">METADATA FREE", ">PROMISED", "NEW LAYERS");
        foreach (var pool in host.Pools)
        {
            list.Row(
                pool.Pool, Of(pool.DataFreeBytes, pool.DataTotalBytes), Sizes.Format(pool.DataPromisedBytes),
                Of(pool.MetadataFreeBytes, pool.MetadataTotalBytes), Sizes.Format(pool.MetadataPromisedBytes),
                pool.Admits ? "taken" : "refused");
        }
        list.Write(console);
    }

    private static string Sum(InventoryHost host, Func<InventoryPool, ulong> free, Func<InventoryPool, ulong> total) =>
        host.Pools.Count == 0 ? "-" : Of(
            host.Pools.Aggregate(0UL, (sum, pool) => sum + free(pool)),
            host.Pools.Aggregate(0UL, (sum, pool) => sum + total(pool)));

    private static string Of(ulong free, ulong total) => $"{Sizes.Format(free)} of {Sizes.Format(total)}";
}
