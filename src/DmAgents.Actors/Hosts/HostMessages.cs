using System.Collections.Immutable;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Hosts;

/// <summary>What the host actor takes.</summary>
public static class HostMessages
{
    /// <summary>A command for the pool of that name; one that makes or takes over a pool brings the pool into being.
    /// Answered by the command's <see cref="PoolReply"/>.</summary>
    public sealed record ToPool(PoolName Pool, PoolCommand Command) : IWireMessage;

    /// <summary>Answered by <see cref="Ready"/> when the host's journal is replayed and each pool has its
    /// actor.</summary>
    public sealed record AwaitReady : IWireMessage
    {
        public static AwaitReady Instance { get; } = new();
    }

    /// <summary>The host knows its pools; they may be opening yet.</summary>
    public sealed record Ready(ImmutableArray<PoolName> Pools) : IWireMessage;

    /// <summary>To the keeper: the host actor's journal is replayed, and it takes messages.</summary>
    internal sealed record Recovered : ILocalMessage
    {
        public static Recovered Instance { get; } = new();
    }

    /// <summary>To the keeper: the host actor's journal failed, and it is about to stop.</summary>
    internal sealed record Failing : ILocalMessage
    {
        public static Failing Instance { get; } = new();
    }

    /// <summary>Stop all pools in order, then the host actor. Answered by <see cref="Stopped"/>.</summary>
    public sealed record Stop : IWireMessage
    {
        public static Stop Instance { get; } = new();
    }

    /// <summary>All pools have stopped.</summary>
    public sealed record Stopped : IWireMessage;
}
