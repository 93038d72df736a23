using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools;

/// <summary>What the agent does with a pool at this moment.</summary>
public enum PoolPhase
{
    /// <summary>The agent replays the journal, activates the pool and compares both.</summary>
    Opening,

    /// <summary>The pool accepts commands.</summary>
    Open,

    /// <summary>The pool cannot be activated: the agent reports the reason and retries.</summary>
    Unavailable,

    /// <summary>Pool and journal do not belong together. Nothing is changed until the operator decides.</summary>
    WrongPool,

    /// <summary>Operations under way are finished; no others are accepted.</summary>
    Stopping,
}

/// <summary>A removal whose blocks are not yet returned.</summary>
/// <param name="Id">The thin id.</param>
/// <param name="Why">What it waits for, for people; empty if it has not started.</param>
/// <param name="Tries">The number of tries.</param>
public sealed record PendingDeletion(ThinId Id, string Why, int Tries)
{
    /// <summary>How many blocks are still to be discarded before the thin id is deleted; null if none are.</summary>
    public ulong? BlocksLeft { get; init; }
}
