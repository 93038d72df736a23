using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>
/// The host's side of the announcements to one bucket, in one incarnation. One announcement is under way at a time, and
/// is repeated until it is answered. So only a bucket that has lost its state needs everything again.
/// </summary>
public sealed record BucketAnnouncer(Incarnation Incarnation)
{
    /// <summary>What the bucket has confirmed; null: everything must be announced.</summary>
    private ImmutableSortedDictionary<LayerKey, LayerHolding>? Confirmed { get; init; }

    private ImmutableSortedDictionary<LayerKey, LayerHolding> Sent { get; init; } =
        ImmutableSortedDictionary<LayerKey, LayerHolding>.Empty;

    /// <summary>What the host had at the latest offer, if an announcement was under way: it follows the answer.</summary>
    private IReadOnlyCollection<LayerHolding>? Later { get; init; }

    private ulong Sequence { get; init; }

    private LayerAnnouncement? Last { get; init; }

    /// <summary>The unanswered announcement; null: none is under way.</summary>
    public LayerAnnouncement? UnderWay { get; init; }

    /// <summary>The bucket reports that this incarnation has ended: the host must begin another.</summary>
    public bool Ended { get; init; }

    /// <summary>The bucket has confirmed that the host has nothing in it.</summary>
    public bool IsKnownToBeEmpty => Confirmed is { IsEmpty: true } && UnderWay is null;

    /// <summary>Updates the announcement to what the host has. While one is under way, this becomes the next one, after
    /// the answer.</summary>
    /// <param name="holdings">The layers of all its pools, in any order. A layer in several pools is announced
    /// once.</param>
    /// <returns>The next announcer; the caller sends its <see cref="UnderWay"/>, or sends it again.</returns>
    public BucketAnnouncer Offer(IReadOnlyCollection<LayerHolding> holdings)
    {
        if (Ended)
            return this;
        if (UnderWay is not null)
            return this with { Later = holdings };
        var now = holdings.GroupBy(h => new LayerKey(h.Layer)).ToImmutableSortedDictionary(h => h.Key, Best);
        var stamp = new Stamp(Incarnation, Sequence + 1);
        if (Confirmed is null)
            return Sending(LayerAnnouncement.Everything(stamp, now.Values), now);
        var present = now.Where(h => Confirmed.GetValueOrDefault(h.Key) != h.Value).Select(h => h.Value).ToList();
        var absent = Confirmed.Where(h => !now.ContainsKey(h.Key)).Select(h => h.Value.Layer).ToList();
        return present.Count == 0 && absent.Count == 0
            ? this
            : Sending(LayerAnnouncement.Change(stamp, present, absent), now);
    }

    /// <summary>Repeats the latest announcement from time to time. The answer shows a host without changes that the
    /// fleet considers it gone; and a bucket that has lost it asks for everything.</summary>
    public BucketAnnouncer Repeat() => UnderWay is null && !Ended ? this with { UnderWay = Last } : this;

    /// <summary>Handles the bucket's answer, and announces at once what else is known to be due. An answer to an
    /// announcement that is not under way is ignored.</summary>
    public BucketAnnouncer Answered(LocationReply reply) => reply switch
    {
        LocationReplies.Heard heard when heard.Stamp == UnderWay?.Stamp =>
            (this with { Confirmed = Sent, UnderWay = null, Later = null }).OfferAgain(Later),
        LocationReplies.NeedsWhole needs when needs.Stamp == UnderWay?.Stamp =>
            (this with { Confirmed = null, UnderWay = null, Later = null }).OfferAgain(Later ?? [.. Sent.Values]),
        LocationReplies.Ended ended when ended.Stamp.Incarnation == Incarnation =>
            this with { Ended = true, UnderWay = null, Later = null },
        _ => this,
    };

    private BucketAnnouncer OfferAgain(IReadOnlyCollection<LayerHolding>? holdings) =>
        holdings is null ? this : Offer(holdings);

    /// <summary>The copy that serves others best; deterministic among equals.</summary>
    private static LayerHolding Best(IEnumerable<LayerHolding> ofOneLayer) => ofOneLayer
        .OrderByDescending(h => h.Verified).ThenByDescending(h => h.Digest is not null)
        .ThenBy(h => h.Digest?.ToString(), StringComparer.Ordinal).First();

    private BucketAnnouncer Sending(
        LayerAnnouncement announcement, ImmutableSortedDictionary<LayerKey, LayerHolding> now) =>
        this with
        {
            UnderWay = announcement, Last = announcement, Sent = now, Sequence = announcement.Stamp.Sequence,
        };
}
