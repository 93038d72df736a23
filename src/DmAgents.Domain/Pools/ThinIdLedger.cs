using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>
/// Which thin ids may be given out. Ids rise, so that an id rests as long as possible before it is used again;
/// one that is in doubt is in quarantine and never given out.
/// </summary>
/// <param name="Next">Where the search for a free id begins.</param>
/// <param name="Quarantine">Ids that the pool may have and no owner knows. A lost device may have one of them: the pool
/// has another in its place.</param>
public sealed record ThinIdLedger(ThinId Next, ImmutableSortedDictionary<ThinId, QuarantineRecord> Quarantine)
{
    /// <summary>Thin id 0 is given to nobody: tools and people take it for "none".</summary>
    public static ThinIdLedger Empty { get; } =
        new(new ThinId(1), ImmutableSortedDictionary<ThinId, QuarantineRecord>.Empty);

    /// <summary>The next free id, or null where all 2^24 are taken or in doubt.</summary>
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

    /// <summary>The ledger after an id was given out.</summary>
    public ThinIdLedger Given(ThinId id) => this with { Next = After(id) };

    public ThinIdLedger Quarantined(QuarantineRecord record) =>
        this with { Quarantine = Quarantine.SetItem(record.Id, record) };

    public ThinIdLedger Released(ThinId id) => this with { Quarantine = Quarantine.Remove(id) };

    private static ThinId After(ThinId id) => id.Value == ThinId.Max ? new ThinId(1) : new ThinId(id.Value + 1);
}

/// <summary>A thin id in doubt.</summary>
/// <param name="Id">The id.</param>
/// <param name="Why">How it came here, for people.</param>
/// <param name="Since">When.</param>
public sealed record QuarantineRecord(ThinId Id, string Why, DateTimeOffset Since)
{
    /// <summary>What it was, or was to be, as far as anything is known; null where nothing is.</summary>
    public DeviceHint? Hint { get; init; }
}

/// <summary>What a device in quarantine was, going by its last record. Not proven: the id may have been given away
/// since.</summary>
/// <param name="Key">What its owner called it.</param>
/// <param name="Parent">What it lay above.</param>
/// <param name="Size">The size of its block device.</param>
/// <param name="FileSystem">The file system on it.</param>
public sealed record DeviceHint(DeviceKey Key, DeviceKey? Parent, ByteSize Size, FileSystemKind FileSystem);
