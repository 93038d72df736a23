using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools;

/// <summary>What a pool decides about a command.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>These events, all or none. Without any, the outcome decides what is journaled.</summary>
    /// <param name="Subject">The device that the answer is about.</param>
    public sealed record Accepted(ImmutableArray<PoolEvent> Events, ThinId? Subject) : Decision;

    /// <summary>It is so already, or the same request was accepted before.</summary>
    public sealed record AlreadySo(ThinId? Subject) : Decision;

    /// <summary>Only when the outcome of this device's creation is known: then the same command is decided again.
    /// </summary>
    public sealed record NotYet(ThinId Creating) : Decision;

    /// <summary>No.</summary>
    public sealed record Refused(Refusal Refusal) : Decision;
}
