using System.Collections.Immutable;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Hosts;

/// <summary>What the host actor takes. Each is answered by a <see cref="PoolReply"/>.</summary>
public static class HostMessages
{
    /// <summary>Make a pool. The answer comes when it is open.</summary>
    public sealed record CreatePool(PoolCommands.Initialize Command);

    /// <summary>Take over a pool that is there. The answer comes when it is open.</summary>
    public sealed record AdoptPool(PoolCommands.Adopt Command);

    /// <summary>Take over a pool of another program. The answer comes when it is open.</summary>
    public sealed record TakeOverPool(PoolCommands.TakeOver Command);

    /// <summary>Remove a pool.</summary>
    public sealed record RemovePool(PoolName Pool, RequestId Request, bool Force);

    /// <summary>Answered by <see cref="Ready"/> when the host's journal is replayed and each pool has its
    /// actor.</summary>
    public sealed record AwaitReady
    {
        public static AwaitReady Instance { get; } = new();
    }

    /// <summary>The host knows its pools; they may be opening yet.</summary>
    public sealed record Ready(ImmutableArray<PoolName> Pools);

    /// <summary>To the keeper: the host actor's journal is replayed, and it takes messages.</summary>
    internal sealed record Recovered
    {
        public static Recovered Instance { get; } = new();
    }

    /// <summary>To the keeper: the host actor's journal failed, and it is about to stop.</summary>
    internal sealed record Failing
    {
        public static Failing Instance { get; } = new();
    }

    /// <summary>Stop all pools in order, then the host actor. Answered by <see cref="Stopped"/>.</summary>
    public sealed record Stop
    {
        public static Stop Instance { get; } = new();
    }

    /// <summary>All pools have stopped.</summary>
    public sealed record Stopped;
}
