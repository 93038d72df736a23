using System.Collections.Immutable;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>The answer to a request for a backing.</summary>
public abstract record BackingPlan
{
    private BackingPlan()
    {
    }

    /// <summary>The request is possible. Nothing was written.</summary>
    /// <param name="Backing">The pool's backing.</param>
    /// <param name="BlockSize">The requested block size; for an existing pool its own.</param>
    /// <param name="DataSize">The pool's size for data.</param>
    /// <param name="Warnings">What the operator should know, in sentences.</param>
    public sealed record Planned(
        PoolBacking Backing, PoolBlockSize BlockSize, ByteSize DataSize, ImmutableArray<string> Warnings) : BackingPlan
    {
        /// <summary>The logical sector size that the pool's devices will have.</summary>
        public ByteSize SectorSize { get; init; } = DiskShape.UsualSector;
    }

    /// <summary>The request is impossible.</summary>
    public sealed record Refused(Refusal Refusal) : BackingPlan;
}
