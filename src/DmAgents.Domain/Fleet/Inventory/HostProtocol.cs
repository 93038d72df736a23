using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>A command to the ledger of one host. The command carries the time.</summary>
public abstract record HostCommand(DateTimeOffset At);

/// <summary>The commands. <see cref="HostLedgerDecider"/> decides each of them.</summary>
public static class HostCommands
{
    /// <summary>The host announces what it has. Always the complete state, so a missed announcement does no
    /// harm.</summary>
    public sealed record Announce(Stamp Stamp, HostCapacity Capacity, DateTimeOffset At) : HostCommand(At);

    public sealed record NoteGone(Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At) : HostCommand(At);

    /// <summary>Promise space for a copy; a repeated command renews the promise.</summary>
    /// <param name="Incarnation">The host's incarnation when it was chosen.</param>
    public sealed record Promise(
        CopyId Copy, Incarnation Incarnation, PoolSpace Space, TimeSpan Lease, DateTimeOffset At) : HostCommand(At);

    /// <summary>The copy has ended.</summary>
    public sealed record Release(CopyId Copy, DateTimeOffset At) : HostCommand(At);

    /// <summary>Ends expired promises.</summary>
    public sealed record Tick(DateTimeOffset At) : HostCommand(At);
}

/// <summary>What has happened to a host. Fields are added, a meaning is never changed.</summary>
public abstract record HostLedgerEvent(DateTimeOffset At);

public static class HostLedgerEvents
{
    /// <summary>The host's announcement differs from the fleet's state.</summary>
    public sealed record Announced(Stamp Stamp, HostCapacity Capacity, DateTimeOffset At) : HostLedgerEvent(At);

    /// <summary>The host is gone, with the promises on it.</summary>
    public sealed record Gone(Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At) : HostLedgerEvent(At);

    /// <summary>Space is promised, replacing an earlier promise for the same copy.</summary>
    public sealed record Promised(SpacePromise Promise, DateTimeOffset At) : HostLedgerEvent(At);

    public sealed record PromiseEnded(CopyId Copy, bool Lapsed, DateTimeOffset At) : HostLedgerEvent(At);
}

/// <summary>The ledger's reply.</summary>
public abstract record HostReply;

public static class HostReplies
{
    /// <summary>The fleet's state matches the announcement.</summary>
    public sealed record Heard(Stamp Stamp) : HostReply;

    /// <summary>The fleet has ended this incarnation of the host: it must begin another.</summary>
    public sealed record Ended(Stamp Stamp) : HostReply;

    public sealed record NotedGone(Incarnation Incarnation) : HostReply;

    /// <summary>The space is promised.</summary>
    public sealed record Kept(SpacePromise Promise) : HostReply;

    /// <summary>No space is promised to the copy.</summary>
    public sealed record Released(CopyId Copy) : HostReply;

    public sealed record Ticked : HostReply;

    public sealed record Refused(CopyId Copy, Refusal Refusal) : HostReply;
}
