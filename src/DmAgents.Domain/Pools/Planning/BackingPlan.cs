using System.Collections.Immutable;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>What becomes of a request for a backing.</summary>
public abstract record BackingPlan
{
    private BackingPlan()
    {
    }

    /// <summary>It can be done. Nothing was written.</summary>
    /// <param name="Backing">What the pool is to be made of.</param>
    /// <param name="BlockSize">The one asked for; an existing pool's own.</param>
    /// <param name="DataSize">What the pool will have for blocks.</param>
    /// <param name="Warnings">What the operator should know, in sentences.</param>
    public sealed record Planned(
        PoolBacking Backing, PoolBlockSize BlockSize, ByteSize DataSize, ImmutableArray<string> Warnings) : BackingPlan
    {
        /// <summary>The logical sectors that the pool's devices will have.</summary>
        public ByteSize SectorSize { get; init; } = DiskShape.UsualSector;
    }

    /// <summary>It cannot.</summary>
    public sealed record Refused(Refusal Refusal) : BackingPlan;
}
