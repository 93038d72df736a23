using System.Diagnostics.CodeAnalysis;
using DmAgents.Actors.Events;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet.Talks;

/// <summary>An event of the fleet.</summary>
internal sealed record FleetEvent(HostName Host, HostOccurrence Occurrence);

/// <summary>Merges the events of several hosts into one order by time. Each host's events keep their own order.
/// Pure.</summary>
/// <param name="hold">How long a new event waits for earlier ones of other hosts.</param>
/// <param name="patience">How long past events wait for a host that has sent none.</param>
internal sealed class EventMerge(TimeSpan hold, TimeSpan patience)
{
    private readonly SortedDictionary<string, Talk> _talks = new(StringComparer.Ordinal);

    /// <summary>The host is about to send its past events.</summary>
    public void Await(HostName host, TimeSpan now) => Of(host).AwaitedUntil = now + patience;

    public void Take(HostName host, HostOccurrence occurrence, TimeSpan now)
    {
        var talk = Of(host);
        talk.Events.Enqueue((occurrence, talk.AwaitedUntil is null ? now + hold : now));
    }

    /// <summary>The host has sent its past events, or sends no more.</summary>
    public void CatchUp(HostName host) => Of(host).AwaitedUntil = null;

    /// <summary>Returns the next event that is due.</summary>
    public bool TryNext(TimeSpan now, [NotNullWhen(true)] out FleetEvent? next)
    {
        next = null;
        if (First() is not { } first || TurnOf(first) > now)
            return false;
        next = new FleetEvent(first.Host, first.Events.Dequeue().Occurrence);
        return true;
    }

    /// <summary>When <see cref="TryNext"/> has the next event, if no earlier one arrives; null if there is
    /// none.</summary>
    public TimeSpan? NextAt => First() is { } first ? TurnOf(first) : null;

    private Talk Of(HostName host) =>
        _talks.GetValueOrDefault(host.Value) ?? (_talks[host.Value] = new Talk(host));

    private Talk? First() => _talks.Values.Where(talk => talk.Events.Count > 0)
        .MinBy(talk => talk.Events.Peek().Occurrence.At);

    /// <summary>Events of other hosts wait a bounded time for a host that has sent nothing yet.</summary>
    private TimeSpan TurnOf(Talk first) => _talks.Values
        .Where(talk => talk.Events.Count == 0 && talk.AwaitedUntil is not null)
        .Select(talk => talk.AwaitedUntil!.Value).Append(first.Events.Peek().Turn).Max();

    private sealed class Talk(HostName host)
    {
        public HostName Host => host;

        /// <summary>Each with the time after which it does not wait for others.</summary>
        public Queue<(HostOccurrence Occurrence, TimeSpan Turn)> Events { get; } = new();

        /// <summary>Until then other hosts' events wait for this host's past events; null: it has sent them.</summary>
        public TimeSpan? AwaitedUntil { get; set; }
    }
}
