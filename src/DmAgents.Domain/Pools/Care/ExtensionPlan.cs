using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Care;

/// <summary>When a pool is extended automatically, and by how much.</summary>
/// <param name="BelowFreePercent">If less than this share of a budget is free; 0: never.</param>
/// <param name="LoopByPercent">By how much of its size a loop file is enlarged; 0: loop files are not enlarged.</param>
/// <param name="LoopUpTo">The maximum size of the data file; null: the limit of the host's file system.</param>
public sealed record ExtensionSettings(double BelowFreePercent, double LoopByPercent, ByteSize? LoopUpTo)
{
    /// <summary>The LVM volume group from which a pool of disks gets volumes if it has no spare disk; null:
    /// none.</summary>
    public string? VolumeGroup { get; init; }

    /// <summary>The size of such a volume, in percent of the budget that runs low.</summary>
    public double VolumeByPercent { get; init; }

    public static ExtensionSettings None { get; } = new(0, 0, null);
}

/// <summary>The extension for a pool that runs low.</summary>
public static class ExtensionPlan
{
    private const int VolumeNames = 3;

    /// <summary>The possible growths in order of preference: metadata before data, the spare disks in their order, then
    /// a volume. The caller uses the first that works. Empty if no growth is needed, or there is nothing to grow
    /// by.</summary>
    public static ImmutableArray<GrowthRequest> Of(PoolState state, PoolHealth health, ExtensionSettings settings)
    {
        // A pool that may be returned to another program keeps its size.
        if (!health.CanChange || state.Takeover is { IsConfirmed: false })
            return [];
        return
        [
            .. health.Status.Metadata.FreePercent < settings.BelowFreePercent
                ? Of(state, PoolBudget.Metadata, settings) : [],
            .. health.Status.Data.FreePercent < settings.BelowFreePercent
                ? Of(state, PoolBudget.Data, settings) : [],
        ];
    }

    private static IEnumerable<GrowthRequest> Of(PoolState state, PoolBudget budget, ExtensionSettings settings)
    {
        switch (state.Identity!.Backing)
        {
            case PoolBacking.Disks disks:
                var has = (budget == PoolBudget.Data ? disks.Data : disks.Metadata)
                    .Aggregate(ByteSize.Zero, (sum, part) => sum + part.Length.Bytes);
                if (budget == PoolBudget.Metadata && has >= MetadataSize.Most)
                    yield break;
                foreach (var spare in state.Spares)
                    yield return new GrowthRequest.AddDisk(budget, spare);
                foreach (var volume in Volumes(state, disks, budget, has, settings))
                    yield return volume;
                break;
            case PoolBacking.LoopFiles files
                when settings.LoopByPercent > 0 && Enlarged(files, budget, settings) is { } larger:
                yield return larger;
                break;
        }
    }

    private static GrowthRequest.EnlargeTo? Enlarged(
        PoolBacking.LoopFiles files, PoolBudget budget, ExtensionSettings settings)
    {
        var size = budget == PoolBudget.Data ? files.Data.Size : files.Metadata.Size;
        var most = budget == PoolBudget.Metadata
            ? MetadataSize.Most
            : settings.LoopUpTo ?? new ByteSize(ulong.MaxValue);
        var wanted = new ByteSize(size.Bytes + (ulong)(size.Bytes * settings.LoopByPercent / 100))
            .RoundDown(ByteSize.MiB(1));
        if (wanted > most)
            wanted = most;
        return wanted > size ? new GrowthRequest.EnlargeTo(budget, wanted) : null;
    }

    /// <summary>
    /// The name follows from the pool's parts, so a volume that was created before a crash and never added is requested
    /// again. The further names are used if a part has the name already: replacing metadata removes parts, so numbers
    /// can repeat.
    /// </summary>
    private static IEnumerable<GrowthRequest> Volumes(
        PoolState state, PoolBacking.Disks disks, PoolBudget budget, ByteSize has, ExtensionSettings settings)
    {
        if (settings.VolumeGroup is not { } group)
            yield break;
        var size = new ByteSize((ulong)(has.Bytes * settings.VolumeByPercent / 100)) + DiskLabel.Reserved.Bytes;
        var first = disks.Data.Length + disks.Metadata.Length + state.Kept.Sum(kept => kept.Parts.Length);
        for (var number = first; number < first + VolumeNames; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"dmagents-{state.Identity!.Name}-{number}");
            yield return new GrowthRequest.AddVolume(
                budget, new LogicalVolume(group, name), size.RoundUp(ByteSize.MiB(4)));
        }
    }
}
