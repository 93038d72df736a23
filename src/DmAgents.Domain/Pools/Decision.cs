using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools;

/// <summary>A pool's decision about a command.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>Persist these events, all or none. If there are none, the outcome determines what is
    /// journaled.</summary>
    /// <param name="Subject">The device that the reply is about.</param>
    public sealed record Accepted(ImmutableArray<PoolEvent> Events, ThinId? Subject) : Decision;

    /// <summary>It is already so, or the same request was accepted before.</summary>
    public sealed record AlreadySo(ThinId? Subject) : Decision;

    /// <summary>Wait for the outcome of this device's creation, and decide the same command again.</summary>
    public sealed record NotYet(ThinId Creating) : Decision;

    /// <summary>The command is refused.</summary>
    public sealed record Refused(Refusal Refusal) : Decision;
}
