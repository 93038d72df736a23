using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using Spectre.Console;
using Action = DmAgents.Api.Admin.V1.MendPlan.Types.Action;
using Fate = DmAgents.Api.Admin.V1.MendedDevice.Types.Fate;

namespace DmAgents.Cli.Pools;

/// <summary>The plan of a repair or restore of a pool's metadata.</summary>
internal static class MetadataRepairView
{
    public static void Plan(IAnsiConsole console, MendPlan plan, MendMetadataRequest request)
    {
        console.WriteLine(Verdict(plan, request));
        if (plan.Action == Action.Replace)
            Result(console, plan);
        foreach (var warning in plan.Warnings)
            console.WriteLine($"mind: {warning}");
        console.WriteLine();
        if (plan.Obstacle.Length > 0)
        {
            console.WriteLine($"It cannot be done: {plan.Obstacle}");
            console.WriteLine($"  next: {plan.ObstacleNext}");
            return;
        }
        if (!request.Execute)
            console.WriteLine($"{Command(plan, request)} would:");
        foreach (var step in plan.Steps)
            console.WriteLine($"  {PoolViews.StepText(step)}");
    }

    public static void Discarded(IAnsiConsole console, DiscardMetadataReply reply)
    {
        if (reply.Discarded.Count == 0)
            console.WriteLine($"{reply.Pool}: no metadata were kept");
        foreach (var kept in reply.Discarded)
            console.WriteLine($"{reply.Pool}: the metadata that were kept at {kept.Place} are gone");
    }

    private static string Verdict(MendPlan plan, MendMetadataRequest request) => plan.Action switch
    {
        Action.ClearMark => $"{plan.Pool}: its metadata are sound; the kernel's demand for a check can be cleared",
        Action.Reopen => $"{plan.Pool}: its metadata are sound; it only has to be opened anew",
        _ when request.HasBackup => $"{plan.Pool}: its metadata can be made of backup {request.Backup}",
        _ => $"{plan.Pool}: its metadata at {plan.Present} are DAMAGED: {plan.Verdict}",
    };

    private static void Result(IAnsiConsole console, MendPlan plan)
    {
        console.WriteLine($"The new ones have {Words.Count(plan.Whole, "device")} as the journal has them, and "
            + $"transaction id {plan.TransactionId}; the journal expects {plan.JournalTransactionId}");
        if (plan.Place.Length > 0)
            console.WriteLine($"Their place: {plan.Place}, {Sizes.Format(plan.PlaceBytes)}");
        if (plan.Devices.Count == 0)
            return;
        var list = new Listing("", "DEVICE", ">THIN ID", "BECOMES");
        foreach (var device in plan.Devices)
            list.Row(Words.OrDash(Words.Short(device.Key)), $"{device.ThinId}", Becomes(device));
        console.WriteLine();
        list.Write(console);
    }

    private static string Becomes(MendedDevice device) => device.Fate switch
    {
        Fate.Lost => "LOST",
        Fate.Short =>
            $"short: maps {Sizes.Format(device.MappedAfterBytes)} of {Sizes.Format(device.MappedBeforeBytes)}",
        Fate.Back => "there again",
        Fate.Unknown => "quarantined",
        _ => "unknown",
    };

    private static string Command(MendPlan plan, MendMetadataRequest request) =>
        (request.HasBackup
            ? $"dmagent pool restore-metadata {plan.Pool} {request.Backup}"
            : $"dmagent pool repair-metadata {plan.Pool}")
        + (request.HasInto ? $" --into {request.Into}" + (request.Force ? " --force" : "") : "") + " --execute";
}
