using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>
/// The host's side of the announcements to one bucket, in one incarnation. One announcement is under way at a time and
/// is sent again until it is answered, so that only a bucket that has forgotten needs everything again.
/// </summary>
public sealed record BucketAnnouncer(Incarnation Incarnation)
{
    /// <summary>What the bucket has confirmed; null: everything is to be announced.</summary>
    private ImmutableSortedDictionary<LayerKey, LayerHolding>? Told { get; init; }

    private ImmutableSortedDictionary<LayerKey, LayerHolding> Telling { get; init; } =
        ImmutableSortedDictionary<LayerKey, LayerHolding>.Empty;

    private ulong Sequence { get; init; }

    private LayerAnnouncement? Last { get; init; }

    /// <summary>Unanswered; null: nothing is under way.</summary>
    public LayerAnnouncement? UnderWay { get; init; }

    /// <summary>The bucket says that this incarnation has ended: the host must begin another.</summary>
    public bool Ended { get; init; }

    /// <summary>Brings what is to be sent up to date with what the host has.</summary>
    /// <returns>The announcer after it; <see cref="UnderWay"/> is to be sent, or to be sent again.</returns>
    public BucketAnnouncer Offer(IEnumerable<LayerHolding> holdings)
    {
        if (UnderWay is not null || Ended)
            return this;
        var now = holdings.ToImmutableSortedDictionary(h => new LayerKey(h.Layer), h => h);
        var stamp = new Stamp(Incarnation, Sequence + 1);
        if (Told is null)
            return Sending(LayerAnnouncement.Everything(stamp, now.Values), now);
        var present = now.Where(h => Told.GetValueOrDefault(h.Key) != h.Value).Select(h => h.Value).ToList();
        var absent = Told.Where(h => !now.ContainsKey(h.Key)).Select(h => h.Value.Layer).ToList();
        return present.Count == 0 && absent.Count == 0
            ? this
            : Sending(LayerAnnouncement.Change(stamp, present, absent), now);
    }

    /// <summary>Sends the latest announcement again, from time to time: a host that was given up, and has nothing to
    /// announce, learns so from the answer; and a bucket that has lost it asks for everything.</summary>
    public BucketAnnouncer Repeat() => UnderWay is null && !Ended ? this with { UnderWay = Last } : this;

    /// <summary>The bucket's answer. One to an announcement that is not under way says nothing new.</summary>
    public BucketAnnouncer Answered(LocationReply reply) => reply switch
    {
        LocationReplies.Heard heard when heard.Stamp == UnderWay?.Stamp =>
            this with { Told = Telling, UnderWay = null },
        LocationReplies.NeedsWhole needs when needs.Stamp == UnderWay?.Stamp =>
            this with { Told = null, UnderWay = null },
        LocationReplies.Ended ended when ended.Stamp.Incarnation == Incarnation =>
            this with { Ended = true, UnderWay = null },
        _ => this,
    };

    private BucketAnnouncer Sending(
        LayerAnnouncement announcement, ImmutableSortedDictionary<LayerKey, LayerHolding> now) =>
        this with
        {
            UnderWay = announcement, Last = announcement, Telling = now, Sequence = announcement.Stamp.Sequence,
        };
}
