using System.Collections.Immutable;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Hosts;

/// <summary>The host actor's messages.</summary>
public static class HostMessages
{
    /// <summary>A command for the pool of that name. A command that creates, adopts or takes over a pool also registers
    /// it. The reply is the command's <see cref="PoolReply"/>.</summary>
    public sealed record ToPool(PoolName Pool, PoolCommand Command) : IWireMessage;

    /// <summary>The reply is <see cref="Ready"/>, once the host's journal is replayed and each pool has its
    /// actor.</summary>
    public sealed record AwaitReady : IWireMessage
    {
        public static AwaitReady Instance { get; } = new();
    }

    /// <summary>The host knows its pools; they may still be opening.</summary>
    public sealed record Ready(ImmutableArray<PoolName> Pools) : IWireMessage;

    /// <summary>To the keeper: the host actor's journal is replayed, and it accepts messages.</summary>
    internal sealed record Recovered : ILocalMessage
    {
        public static Recovered Instance { get; } = new();
    }

    /// <summary>To the keeper: the host actor's journal failed, and it is about to stop.</summary>
    internal sealed record Failing : ILocalMessage
    {
        public static Failing Instance { get; } = new();
    }

    /// <summary>Stop all pools in order, then the host actor. The reply is <see cref="Stopped"/>.</summary>
    public sealed record Stop : IWireMessage
    {
        public static Stop Instance { get; } = new();
    }

    /// <summary>All pools have stopped.</summary>
    public sealed record Stopped : IWireMessage;
}
