using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using Spectre.Console;

namespace DmAgents.Cli.Pools;

internal static class PoolViews
{
    public static void List(IAnsiConsole console, IEnumerable<PoolSummary> pools)
    {
        var list = new Listing(
            "There is no pool. Make one: dmagent pool create --help",
            "NAME", "KIND", "STATE", "DATA", "METADATA", ">LAYERS", ">CONTAINERS");
        foreach (var pool in pools)
        {
            list.Row(
                pool.Name, Words.Of(pool.Kind), Words.Of(pool.State), Budget(pool.Data), Budget(pool.Metadata),
                $"{pool.Layers}", $"{pool.Containers}");
        }

        list.Write(console);
    }

    public static void Created(IAnsiConsole console, PoolDetails pool) => console.WriteLine(
        $"pool {pool.Name} is {Words.Of(pool.State)}: data {Sizes.Format(pool.Data?.TotalBytes ?? 0)}, "
        + $"metadata {Sizes.Format(pool.Metadata?.TotalBytes ?? 0)}, blocks of {Sizes.Format(pool.BlockSizeBytes)}");

    public static void Check(IAnsiConsole console, CheckPoolReply reply)
    {
        console.WriteLine(
            $"{reply.Pool}: {Words.Count(reply.JournalDevices, "device")} in the journal, "
            + $"{reply.MetadataDevices} in the pool's metadata, {reply.LiveDevices} live: "
            + (reply.Agrees ? "they agree" : "they DISAGREE"));
        FindingView.Write(console, reply.Findings);
        if (reply.Agrees || reply.Repairs.Count == 0)
            return;
        console.WriteLine();
        console.WriteLine($"A repair (dmagent pool check {reply.Pool} --repair"
            + (reply.HasForeignTransactionId ? $" --accept-transaction-id {reply.ForeignTransactionId}" : "")
            + ") would:");
        foreach (var step in reply.Repairs)
            console.WriteLine($"  {StepText(step)}");
    }

    public static void Spares(IAnsiConsole console, PoolDetails pool) => console.WriteLine(
        pool.Spares.Count == 0
            ? $"{pool.Name} has no spare disk; give it one: dmagent pool spare add {pool.Name} DISK"
            : $"{pool.Name} is extended by {string.Join(", then ", pool.Spares)} when it runs low");

    public static void Removed(IAnsiConsole console, RemovePoolReply reply)
    {
        foreach (var step in reply.Done)
            console.WriteLine(StepText(step));
        console.WriteLine($"pool {reply.Pool} is removed");
    }

    public static void Trimmed(IAnsiConsole console, TrimPoolReply reply)
    {
        var list = new Listing(
            "No container of the pool is mounted.", "CONTAINER", ">NOT USED", ">UNMAPPED", ">FREE IN THE POOL");
        foreach (var trimmed in reply.Trimmed)
        {
            list.Row(
                trimmed.Container, Sizes.Format(trimmed.TrimmedBytes), Sizes.Format(trimmed.UnmappedBytes),
                Sizes.Format(trimmed.GivenBackBytes));
        }

        list.Write(console);
        console.WriteLine(
            $"{reply.Pool}: data used {Change(reply.DataUsedBeforeBytes, reply.DataUsedAfterBytes)}");
        if (reply.HasHostAllocatedAfterBytes)
        {
            console.WriteLine(
                $"on the host: {Change(reply.HostAllocatedBeforeBytes, reply.HostAllocatedAfterBytes)}");
        }
    }

    public static string StepText(Step step)
    {
        var number = step.Count > 0 ? $"{step.Index}/{step.Count} " : "";
        return step.Object.Length == 0 ? $"{number}{step.What}" : $"{number}{step.What}: {step.Object}";
    }

    private static string Budget(Space? space) => space is null
        ? "unknown"
        : $"{Sizes.Format(space.UsedBytes)} of {Sizes.Format(space.TotalBytes)} "
            + $"({Words.Percent(space.UsedBytes, space.TotalBytes)})";

    private static string Change(ulong before, ulong after) => after <= before
        ? $"{Sizes.Format(before)} before, {Sizes.Format(after)} now, {Sizes.Format(before - after)} given back"
        : $"{Sizes.Format(before)} before, {Sizes.Format(after)} now (others wrote meanwhile)";
}
