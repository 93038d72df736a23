using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>How far a pool has come that was another program's.</summary>
public enum TakeoverPhase
{
    /// <summary>What the other program had is shown and snapshotted, and never changed: it can be given back.</summary>
    Provisional,

    /// <summary>All of it is the agent's.</summary>
    Confirmed,

    /// <summary>It is being given back: what the agent made in it goes.</summary>
    Returning,

    /// <summary>Nothing of the agent is in it any more, and the agent does not touch it again.</summary>
    Returned,
}

/// <summary>That a pool was another program's, and what of it.</summary>
/// <param name="Program">Whose, for people: "Docker".</param>
/// <param name="Directory">Where that program keeps what it knows of the pool.</param>
/// <param name="TransactionId">What the pool's transaction id was, and is again when it is given back.</param>
/// <param name="Thins">Every thin id that the pool had.</param>
/// <param name="Phase">How far it has come.</param>
public sealed record TakeoverRecord(
    string Program, MountPath Directory, TransactionId TransactionId, ImmutableSortedSet<ThinId> Thins,
    TakeoverPhase Phase)
{
    /// <summary>The other program may get it back: what it had must stay as it is.</summary>
    public bool CanBeUndone => Phase == TakeoverPhase.Provisional;

    /// <summary>The other program does not get it back any more.</summary>
    public bool IsConfirmed => Phase == TakeoverPhase.Confirmed;
}
