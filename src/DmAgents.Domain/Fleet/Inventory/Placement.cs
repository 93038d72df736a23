using System.Collections.Immutable;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>The objection to a host, or none.</summary>
public enum CandidateVerdict
{
    Fits,
    HasIt,
    UnderWay,

    /// <summary>It had the whole image when it was lost, and has not yet announced what it has now.</summary>
    ComingBack,
    FailedRecently,
    LowData,
    LowMetadata,

    /// <summary>An operator's image has the same name there: a copy would replace it.</summary>
    OtherImage,
}

/// <summary>A weighed host. All of it is journaled with the decision: the numbers explain it.</summary>
/// <param name="Missing">The space that must be written there.</param>
/// <param name="Room">Of the scarcer budget, what stays free afterwards, in thousandths of its total.</param>
/// <param name="Locality">How much of the content the host has, in thousandths.</param>
/// <param name="Score">The sum of both; the highest that fits is chosen, and among equals the first by name.</param>
public sealed record Candidate(
    HostName Host, CandidateVerdict Verdict, PoolSpace Missing, int Room, int Locality, int Score);

/// <summary>Weighs hosts as places for a lineage. Pure, and in integers: the same input gives the same choice on every
/// host and on replay.</summary>
public static class Placement
{
    /// <summary>The share of each budget that stays free, in thousandths: like a pool's own admission mark.</summary>
    public const int KeepFree = 100;

    /// <summary>The most candidates that a decision journals, the best first.</summary>
    public const int MaxCandidates = 32;

    /// <param name="lineage">From the lowest layer to the top.</param>
    /// <param name="offers">The present hosts.</param>
    /// <param name="objection">Further objections to a host.</param>
    public static ImmutableArray<Candidate> Weigh(
        ImmutableArray<PoolSpace> lineage, IEnumerable<HostOffer> offers, Func<HostName, CandidateVerdict> objection)
    {
        var total = lineage.Aggregate(0UL, (sum, layer) => sum + layer.Data.Bytes);
        return
        [
            .. offers.DistinctBy(offer => offer.Host).Select(offer => Weigh(lineage, total, offer, objection))
                .OrderBy(candidate => candidate.Verdict != CandidateVerdict.Fits)
                .ThenByDescending(candidate => candidate.Score)
                .ThenBy(candidate => candidate.Host, HostNameOrder.Instance)
                .Take(MaxCandidates),
        ];
    }

    private static Candidate Weigh(
        ImmutableArray<PoolSpace> lineage, ulong total, HostOffer offer, Func<HostName, CandidateVerdict> objection)
    {
        var held = Math.Clamp(offer.HeldLayers, 0, lineage.Length);
        var missing = lineage.Skip(held).Aggregate(default(PoolSpace), (sum, layer) => sum + layer);
        var verdict = objection(offer.Host);
        var data = Permille(FreeOf(offer).Data, missing.Data, offer.Total.Data);
        var metadata = Permille(FreeOf(offer).Metadata, missing.Metadata, offer.Total.Metadata);
        if (verdict == CandidateVerdict.Fits && data < KeepFree)
            verdict = CandidateVerdict.LowData;
        else if (verdict == CandidateVerdict.Fits && metadata < KeepFree)
            verdict = CandidateVerdict.LowMetadata;
        var locality = total == 0 ? 0 : (int)((UInt128)(total - missing.Data.Bytes) * 1000UL / total);
        var room = Math.Min(data, metadata);
        return new Candidate(offer.Host, verdict, missing, room, locality, room + locality);
    }

    /// <summary>What prevents writing this there, for people; null: nothing.</summary>
    internal static string? Lacks(HostOffer offer, PoolSpace space)
    {
        var free = FreeOf(offer);
        if (Permille(free.Data, space.Data, offer.Total.Data) < KeepFree)
            return $"{free.Data} of {offer.Total.Data} data free for {space.Data}";
        return Permille(free.Metadata, space.Metadata, offer.Total.Metadata) < KeepFree
            ? $"{free.Metadata} of {offer.Total.Metadata} metadata free for {space.Metadata}"
            : null;
    }

    internal static int RoomPermille(HostOffer offer) => Math.Min(
        Permille(FreeOf(offer).Data, ByteSize.Zero, offer.Total.Data),
        Permille(FreeOf(offer).Metadata, ByteSize.Zero, offer.Total.Metadata));

    /// <summary>The free space that is not promised.</summary>
    private static PoolSpace FreeOf(HostOffer offer) => new(
        Less(offer.Free.Data, offer.Promised.Data), Less(offer.Free.Metadata, offer.Promised.Metadata));

    private static ByteSize Less(ByteSize from, ByteSize what) => from > what ? from - what : ByteSize.Zero;

    /// <summary>-1 if it does not fit.</summary>
    private static int Permille(ByteSize free, ByteSize needed, ByteSize total) =>
        free < needed || total == ByteSize.Zero
            ? -1
            : (int)UInt128.Min(1000UL, (UInt128)(free - needed).Bytes * 1000UL / total.Bytes);
}
