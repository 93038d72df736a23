using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Hosts;

/// <summary>An event of a host's list of pools.</summary>
public abstract record HostEvent(DateTimeOffset At);

/// <summary>The events.</summary>
public static class HostEvents
{
    /// <summary>A pool of this name is to exist; its own journal has the rest.</summary>
    public sealed record PoolRegistered(PoolName Name, PoolUuid Uuid, DateTimeOffset At) : HostEvent(At);

    /// <summary>The pool no longer exists; its name is free.</summary>
    public sealed record PoolForgotten(PoolName Name, PoolUuid Uuid, string Why, DateTimeOffset At) : HostEvent(At);

    /// <summary>The journal has no row of the forgotten pool left.</summary>
    public sealed record JournalErased(PoolUuid Uuid, DateTimeOffset At) : HostEvent(At);
}
