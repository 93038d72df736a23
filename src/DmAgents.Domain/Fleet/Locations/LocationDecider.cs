using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Locations;

using Decision = FleetDecision<LocationEvent, LocationReply>;

/// <summary>Decides the commands of a bucket of layer locations. Pure.</summary>
public static class LocationDecider
{
    /// <summary>The minimum lease: a shorter one would expire between two renewals.</summary>
    public static readonly TimeSpan MinLease = TimeSpan.FromSeconds(1);

    /// <exception cref="InvalidOperationException">A command of an unknown kind.</exception>
    public static Decision Decide(LocationState state, LocationCommand command) => command switch
    {
        LocationCommands.Announce c => Announce(state, c),
        LocationCommands.NoteGone c => NoteGone(state, c),
        LocationCommands.BeginCopy c => BeginCopy(state, c),
        LocationCommands.RenewCopy c => RenewCopy(state, c),
        LocationCommands.EndCopy c => state.CopyTo(c.Layer, c.Target) is null
            ? Answer(new LocationReplies.NoCopy(c.Layer, c.Target))
            : Accept(
                new LocationReplies.NoCopy(c.Layer, c.Target),
                new LocationEvents.CopyEnded(c.Layer, c.Target, Lapsed: false, c.At)),
        LocationCommands.Locate c => Answer(new LocationReplies.Located(
            c.Layer, state.Layers.CopiesOf(c.Layer),
            [.. state.Copies.Where(copy => copy.Layer == c.Layer && copy.Until > c.At)])),
        LocationCommands.Tick c => new Decision([.. Lapsed(state, c.At)], new LocationReplies.Ticked()),
        _ => throw new InvalidOperationException($"a command of no known kind: {command}"),
    };

    private static Decision Announce(LocationState state, LocationCommands.Announce c)
    {
        var said = c.Announcement;
        var known = state.Hosts.GetValueOrDefault(c.Host);
        switch (HostHearing.Judge(known, said.Stamp, said.Whole))
        {
            case Hearing.Known:
                return Answer(new LocationReplies.Heard(said.Stamp));
            case Hearing.Gap:
                return Answer(new LocationReplies.NeedsWhole(said.Stamp));
            case Hearing.Ended:
                return Answer(new LocationReplies.Ended(said.Stamp));
        }
        var present = said.Present
            .Where(holding => state.Layers.CopyAt(holding.Layer, c.Host) is not { } copy || !copy.Says(holding))
            .ToImmutableArray();
        var kept = said.Present.Select(holding => holding.Layer).ToHashSet();
        var absent = (said.Whole
            ? state.Layers.HeldBy(c.Host).Where(layer => !kept.Contains(layer))
            : said.Absent.Where(layer => !kept.Contains(layer) && state.Layers.CopyAt(layer, c.Host) is not null))
            .ToImmutableArray();
        var heard = new LocationReplies.Heard(said.Stamp);
        // A restart with the same layers writes nothing. Until the first change, the bucket knows the host by its
        // earlier incarnation; then the change is a gap, and the host announces everything under the later one.
        return known is { Gone: false } && said.Whole && said.Stamp.Incarnation > known.Last.Incarnation
            && present.IsEmpty && absent.IsEmpty
            ? Answer(heard)
            : Accept(heard, new LocationEvents.HostHeard(c.Host, said.Stamp, present, absent, c.At));
    }

    private static Decision NoteGone(LocationState state, LocationCommands.NoteGone c) =>
        HostHearing.AfterGone(state.Hosts.GetValueOrDefault(c.Host), c.Incarnation) is null
            ? Answer(new LocationReplies.Gone(c.Host))
            : Accept(
                new LocationReplies.Gone(c.Host), new LocationEvents.HostGone(c.Host, c.Incarnation, c.At));

    private static Decision BeginCopy(LocationState state, LocationCommands.BeginCopy c)
    {
        const string What = "cannot copy layer";
        var lapsed = Lapsed(state, c.At).ToImmutableArray();
        state = lapsed.Aggregate(state, (s, e) => s.Apply(e));
        if (c.Lease < MinLease)
        {
            return Refuse(RefusalKind.Invalid, What, c.Layer, $"a lease of {c.Lease.TotalMilliseconds} ms",
                $"ask for at least {MinLease.TotalSeconds} s");
        }
        if (state.Layers.CopyAt(c.Layer, c.Target) is { } held)
            return new Decision([.. lapsed], new LocationReplies.Held(c.Layer, held));
        if (state.CopyTo(c.Layer, c.Target) is { } begun && (c.Source is null || c.Source == begun.Source))
            return new Decision([.. lapsed], CopyFrom(state, begun));
        if (SourceFor(state, c) is not { } source)
        {
            return Sources(state, c).Any()
                ? Refuse(RefusalKind.Busy, What, c.Layer,
                    c.Source is { } computing
                        ? $"{computing} has not computed the digest of its copy yet"
                        : "no other host has computed the digest of its copy yet",
                    "try again in a moment")
                : Refuse(RefusalKind.NotFound, What, c.Layer,
                    c.Source is { } named ? $"{named} has no copy of it" : "no other host has a copy of it",
                    "pull or import the image on a host of the fleet");
        }
        var events = lapsed.ToBuilder();
        if (state.CopyTo(c.Layer, c.Target) is not null)
            events.Add(new LocationEvents.CopyEnded(c.Layer, c.Target, Lapsed: false, c.At));
        var copy = new CopyLease(c.Layer, c.Target, source.Host, c.At + c.Lease);
        events.Add(new LocationEvents.CopyBegun(c.Layer, c.Target, source.Host, copy.Until, c.At));
        return new Decision(events.ToImmutable(), CopyFrom(state, copy));
    }

    private static IEnumerable<LayerCopy> Sources(LocationState state, LocationCommands.BeginCopy c) =>
        state.Layers.CopiesOf(c.Layer)
            .Where(copy => copy.Host != c.Target && (c.Source is null || copy.Host == c.Source));

    /// <summary>Prefers verified copies; then the host that serves the fewest. A copy without a digest serves no host,
    /// because its copies could not be verified.</summary>
    private static LayerCopy? SourceFor(LocationState state, LocationCommands.BeginCopy c) =>
        Sources(state, c).Where(copy => copy.Digest is not null)
            .OrderByDescending(copy => copy.Verified)
            .ThenBy(copy => state.Copies.Count(other => other.Source == copy.Host))
            .ThenBy(copy => copy.Host, HostNameOrder.Instance)
            .Select(copy => (LayerCopy?)copy).FirstOrDefault();

    private static LocationReplies.CopyFrom CopyFrom(LocationState state, CopyLease copy) =>
        new(copy.Layer, copy.Source, state.Layers.CopyAt(copy.Layer, copy.Source)!.Value.Digest!.Value, copy.Until);

    private static Decision RenewCopy(LocationState state, LocationCommands.RenewCopy c)
    {
        if (state.CopyTo(c.Layer, c.Target) is not { } copy || copy.Until <= c.At)
            return new Decision([.. Lapsed(state, c.At)], new LocationReplies.NoCopy(c.Layer, c.Target));
        var until = c.At + c.Lease;
        // A renewal is journaled only after half of the lease.
        return copy.Until - c.At > c.Lease / 2
            ? Answer(CopyFrom(state, copy))
            : Accept(
                CopyFrom(state, copy with { Until = until }),
                new LocationEvents.CopyRenewed(c.Layer, c.Target, until, c.At));
    }

    private static IEnumerable<LocationEvent> Lapsed(LocationState state, DateTimeOffset at) =>
        state.Copies.Where(copy => copy.Until <= at)
            .Select(copy => new LocationEvents.CopyEnded(copy.Layer, copy.Target, Lapsed: true, at));

    private static Decision Answer(LocationReply reply) => new([], reply);

    private static Decision Accept(LocationReply reply, LocationEvent e) => new([e], reply);

    private static Decision Refuse(RefusalKind kind, string what, ChainId layer, string why, string next) =>
        Answer(new LocationReplies.Refused(new Refusal(kind, what, layer.Value, why, next)));
}
