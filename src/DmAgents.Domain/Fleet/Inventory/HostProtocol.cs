using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>What the ledger of one host is asked. The time arrives with the command.</summary>
public abstract record HostCommand(DateTimeOffset At);

/// <summary>The commands. Every one is decided by <see cref="HostLedgerDecider"/>.</summary>
public static class HostCommands
{
    /// <summary>The host says what it has. Always everything, so that nothing can be missed.</summary>
    public sealed record Announce(Stamp Stamp, HostCapacity Capacity, DateTimeOffset At) : HostCommand(At);

    public sealed record NoteGone(Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At) : HostCommand(At);

    /// <summary>Space is to be kept for a copy; asked again, it is kept for longer.</summary>
    /// <param name="Incarnation">Of the host, when it was chosen.</param>
    public sealed record Promise(
        CopyId Copy, Incarnation Incarnation, PoolSpace Space, TimeSpan Lease, DateTimeOffset At) : HostCommand(At);

    /// <summary>The copy has ended.</summary>
    public sealed record Release(CopyId Copy, DateTimeOffset At) : HostCommand(At);

    /// <summary>Ends promises that have lapsed.</summary>
    public sealed record Tick(DateTimeOffset At) : HostCommand(At);
}

/// <summary>What has happened to a host. Fields are added, a meaning is never changed.</summary>
public abstract record HostLedgerEvent(DateTimeOffset At);

public static class HostLedgerEvents
{
    /// <summary>The host differs from what the fleet believed.</summary>
    public sealed record Announced(Stamp Stamp, HostCapacity Capacity, DateTimeOffset At) : HostLedgerEvent(At);

    /// <summary>The host is gone, and what was promised on it.</summary>
    public sealed record Gone(Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At) : HostLedgerEvent(At);

    /// <summary>Space is kept, in place of what was kept for the same copy.</summary>
    public sealed record Promised(SpacePromise Promise, DateTimeOffset At) : HostLedgerEvent(At);

    public sealed record PromiseEnded(CopyId Copy, bool Lapsed, DateTimeOffset At) : HostLedgerEvent(At);
}

/// <summary>The ledger's answer.</summary>
public abstract record HostReply;

public static class HostReplies
{
    /// <summary>What the host announced is what the fleet believes.</summary>
    public sealed record Heard(Stamp Stamp) : HostReply;

    /// <summary>The host's incarnation has ended for the fleet: it is to begin another.</summary>
    public sealed record Ended(Stamp Stamp) : HostReply;

    public sealed record NotedGone(Incarnation Incarnation) : HostReply;

    /// <summary>The space is kept.</summary>
    public sealed record Kept(SpacePromise Promise) : HostReply;

    /// <summary>No space is kept for the copy.</summary>
    public sealed record Released(CopyId Copy) : HostReply;

    public sealed record Ticked : HostReply;

    public sealed record Refused(CopyId Copy, Refusal Refusal) : HostReply;
}
