using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>
/// Which thin ids are free. Ids rise, so that an id rests as long as possible before it is reused; an id in doubt is
/// quarantined and never allocated.
/// </summary>
/// <param name="Next">Where the search for a free id starts.</param>
/// <param name="Quarantine">Ids that the pool may have and that no owner claims. A lost device may have one of them, if
/// the pool has another device under its id.</param>
public sealed record ThinIdLedger(ThinId Next, ImmutableSortedDictionary<ThinId, QuarantineRecord> Quarantine)
{
    /// <summary>Thin id 0 is never allocated: tools and people read it as "none".</summary>
    public static ThinIdLedger Empty { get; } =
        new(new ThinId(1), ImmutableSortedDictionary<ThinId, QuarantineRecord>.Empty);

    /// <summary>The next free id, or null if all 2^24 are taken or in doubt.</summary>
    public ThinId? Choose(Func<ThinId, bool> isTaken)
    {
        var candidate = Next;
        for (var tries = 0; tries < ThinId.Max; tries++)
        {
            if (!isTaken(candidate) && !Quarantine.ContainsKey(candidate))
                return candidate;
            candidate = After(candidate);
        }
        return null;
    }

    /// <summary>The ledger after an id was allocated.</summary>
    public ThinIdLedger Given(ThinId id) => this with { Next = After(id) };

    public ThinIdLedger Quarantined(QuarantineRecord record) =>
        this with { Quarantine = Quarantine.SetItem(record.Id, record) };

    public ThinIdLedger Released(ThinId id) => this with { Quarantine = Quarantine.Remove(id) };

    private static ThinId After(ThinId id) => id.Value == ThinId.Max ? new ThinId(1) : new ThinId(id.Value + 1);
}

/// <summary>A thin id in doubt.</summary>
/// <param name="Id">The id.</param>
/// <param name="Why">Why it was quarantined, for people.</param>
/// <param name="Since">When it was quarantined.</param>
public sealed record QuarantineRecord(ThinId Id, string Why, DateTimeOffset Since)
{
    /// <summary>What is known about the device; null if nothing is.</summary>
    public DeviceHint? Hint { get; init; }
}

/// <summary>What a quarantined device was, by its last record. Not proven: the id may have been reused since.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Parent">The key of the layer below it.</param>
/// <param name="Size">The size of its block device.</param>
/// <param name="FileSystem">The file system on it.</param>
public sealed record DeviceHint(DeviceKey Key, DeviceKey? Parent, ByteSize Size, FileSystemKind FileSystem);
