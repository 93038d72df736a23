using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Mending;

/// <summary>A device that maps fewer blocks than it did.</summary>
public sealed record ShortDevice(ThinId Id, ulong Before, ulong After);

/// <summary>What a pool would have with other metadata, against what its journal says that it has. Pure.</summary>
/// <param name="Whole">Devices that are there, and map all that they are known to have mapped.</param>
/// <param name="Lost">Devices that the metadata do not have, or another in their place: they stay in the journal, and
/// are reported lost.</param>
/// <param name="Short">Devices that map fewer blocks than before: parts of them would read as zeros.</param>
/// <param name="Back">Devices that are lost at present and would be there again.</param>
/// <param name="Unknown">Thin ids that the journal does not know, or as another device: they come into
/// quarantine.</param>
public sealed record MetadataComparison(
    ImmutableArray<ThinId> Whole, ImmutableArray<ThinId> Lost, ImmutableArray<ShortDevice> Short,
    ImmutableArray<ThinId> Back, ImmutableArray<ThinId> Unknown)
{
    /// <summary>The pool would have none of the devices that it should have. Its blocks would be free, and the first
    /// write would end what could be saved by other means.</summary>
    public bool LeavesNothing => !Lost.IsEmpty && Whole.IsEmpty && Short.IsEmpty && Back.IsEmpty;

    /// <param name="state">The journal's truth.</param>
    /// <param name="before">What the pool had mapped before; null where that cannot be read any more.</param>
    /// <param name="after">What it would have.</param>
    public static MetadataComparison Make(
        PoolState state, ImmutableArray<ThinUsage>? before, ImmutableArray<ThinUsage> after)
    {
        var mappedBefore = (before ?? []).ToDictionary(thin => thin.Id, thin => thin.MappedBlocks);
        // LVM counts in the transaction id of a pool of its own.
        var isCounted = state.Identity?.Backing is not PoolBacking.Existing { OwnedByLvm: true };
        var mappedAfter = after
            .Where(thin =>
                !isCounted || !state.Devices.TryGetValue(thin.Id, out var device) || !device.IsNot(thin.CreatedIn))
            .ToDictionary(thin => thin.Id, thin => thin.MappedBlocks);
        // One that is being made or deleted is made or deleted anew, whatever the pool has of it.
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
