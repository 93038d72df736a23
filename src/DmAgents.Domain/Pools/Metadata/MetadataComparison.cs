using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Metadata;

/// <summary>A device that maps fewer blocks than it did.</summary>
public sealed record ShortDevice(ThinId Id, ulong Before, ulong After);

/// <summary>What a pool would have with other metadata, compared with its journal. Pure.</summary>
/// <param name="Whole">Devices that exist and map all blocks that they are known to have mapped.</param>
/// <param name="Lost">Devices that the metadata do not have, or have another device instead of: they stay in the
/// journal, reported as lost.</param>
/// <param name="Short">Devices that map fewer blocks than before: parts of them would read as zeros.</param>
/// <param name="Back">Devices that are lost at present and would exist again.</param>
/// <param name="Unknown">Thin ids that the journal does not know, or knows as another device: they are
/// quarantined.</param>
public sealed record MetadataComparison(
    ImmutableArray<ThinId> Whole, ImmutableArray<ThinId> Lost, ImmutableArray<ShortDevice> Short,
    ImmutableArray<ThinId> Back, ImmutableArray<ThinId> Unknown)
{
    /// <summary>The pool would have none of its expected devices. Its blocks would be free, and the first write would
    /// destroy what other means could save.</summary>
    public bool LeavesNothing => !Lost.IsEmpty && Whole.IsEmpty && Short.IsEmpty && Back.IsEmpty;

    /// <param name="state">The state by the journal.</param>
    /// <param name="before">The blocks that the pool had mapped; null if they can no longer be read.</param>
    /// <param name="after">The blocks that it would have mapped.</param>
    public static MetadataComparison Make(
        PoolState state, ImmutableArray<ThinUsage>? before, ImmutableArray<ThinUsage> after)
    {
        var mappedBefore = (before ?? []).ToDictionary(thin => thin.Id, thin => thin.MappedBlocks);
        // LVM uses the transaction id of its own pools itself.
        var isCounted = state.Identity?.Backing is not PoolBacking.Existing { OwnedByLvm: true };
        var mappedAfter = after
            .Where(thin =>
                !isCounted || !state.Devices.TryGetValue(thin.Id, out var device) || !device.IsNot(thin.CreatedIn))
            .ToDictionary(thin => thin.Id, thin => thin.MappedBlocks);
        // An unfinished creation or deletion is repeated, whatever the pool has of the device.
        var ready = state.Devices.Values.Where(d => d.Phase == DevicePhase.Ready).Select(d => d.Id).Order().ToList();
        var present = ready.Where(mappedAfter.ContainsKey).ToList();
        ImmutableArray<ShortDevice> tooShort = [.. present
            .Where(id => mappedBefore.GetValueOrDefault(id) > mappedAfter[id])
            .Select(id => new ShortDevice(id, mappedBefore[id], mappedAfter[id]))];
        return new MetadataComparison(
            [.. present.Except(tooShort.Select(device => device.Id))],
            [.. ready.Where(id => !mappedAfter.ContainsKey(id))],
            tooShort,
            [.. state.Devices.Values.Where(d => d.Phase == DevicePhase.Lost && mappedAfter.ContainsKey(d.Id))
                .Select(d => d.Id).Order()],
            [.. after.Select(thin => thin.Id)
                .Where(id => (!state.Devices.ContainsKey(id) || !mappedAfter.ContainsKey(id))
                    && !state.Ledger.Quarantine.ContainsKey(id)).Order()]);
    }
}
