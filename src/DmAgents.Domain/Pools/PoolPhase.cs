using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools;

/// <summary>What the agent does with a pool at this moment.</summary>
public enum PoolPhase
{
    /// <summary>The journal is replayed, the pool is made live, both are compared.</summary>
    Opening,

    /// <summary>Commands are taken.</summary>
    Open,

    /// <summary>It cannot be made live: the reason is reported, and it is tried again.</summary>
    Unavailable,

    /// <summary>Pool and journal do not belong together. Nothing is changed until the operator decides.</summary>
    WrongPool,

    /// <summary>Operations under way are finished, none are taken.</summary>
    Stopping,
}

/// <summary>A removal whose blocks are not back yet.</summary>
/// <param name="Id">The thin id.</param>
/// <param name="Why">What it waits for, for people; empty if its turn has not come.</param>
/// <param name="Tries">How often it was tried.</param>
public sealed record PendingDeletion(ThinId Id, string Why, int Tries)
{
    /// <summary>How many blocks are still to be discarded before the thin id is deleted; null if none are.</summary>
    public ulong? BlocksLeft { get; init; }
}
