using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>The phase of a pool that was another program's.</summary>
public enum TakeoverPhase
{
    /// <summary>The other program's devices are shown and snapshotted, and never changed: the pool can be
    /// returned.</summary>
    Provisional,

    /// <summary>The whole pool is the agent's.</summary>
    Confirmed,

    /// <summary>The pool is being returned: the agent deletes what it made in it.</summary>
    Returning,

    /// <summary>Nothing of the agent is left in the pool, and the agent does not touch it again.</summary>
    Returned,
}

/// <summary>Records that a pool was another program's, and its state at the takeover.</summary>
/// <param name="Program">The program, for people: "Docker".</param>
/// <param name="Directory">Where that program keeps its data about the pool.</param>
/// <param name="TransactionId">The pool's transaction id at the takeover, which a return restores.</param>
/// <param name="Thins">Every thin id that the pool had.</param>
/// <param name="Phase">The takeover's phase.</param>
public sealed record TakeoverRecord(
    string Program, MountPath Directory, TransactionId TransactionId, ImmutableSortedSet<ThinId> Thins,
    TakeoverPhase Phase)
{
    /// <summary>The other program may get the pool back: its devices must stay unchanged.</summary>
    public bool CanBeUndone => Phase == TakeoverPhase.Provisional;

    /// <summary>The pool is not returned any more.</summary>
    public bool IsConfirmed => Phase == TakeoverPhase.Confirmed;
}
