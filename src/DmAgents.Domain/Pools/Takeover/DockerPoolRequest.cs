using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>Which Docker's pool is to be taken over.</summary>
/// <param name="DataRoot">Where it keeps its files: <c>/var/lib/docker</c>.</param>
/// <param name="ThinPool">The pool that somebody else assembles for it (its option dm.thinpooldev); null where it has
/// loop files, or made a pool by itself.</param>
public sealed record DockerPoolRequest(MountPath DataRoot, MappedName? ThinPool)
{
    /// <summary>Where its driver has its files, after which it names its devices.</summary>
    public MountPath Directory => new($"{DataRoot.Value.TrimEnd('/')}/devicemapper");

    public LoopFile Data => new($"{Directory}/devicemapper/data");

    public LoopFile Metadata => new($"{Directory}/devicemapper/metadata");
}

/// <summary>What was found where a Docker should have its pool.</summary>
public abstract record DockerPool
{
    private DockerPool()
    {
    }

    /// <summary>Nobody uses it, and it can be taken over.</summary>
    /// <param name="Place">What was asked for, by its real path: a link may lead elsewhere tomorrow.</param>
    /// <param name="Backing">What the pool is made of.</param>
    /// <param name="DataSize">What it has for blocks.</param>
    /// <param name="Content">What is in it.</param>
    /// <param name="LeftOver">Mapped devices of a Docker that has ended, thin devices before their pool: they go first.
    /// </param>
    public sealed record Found(
        DockerPoolRequest Place, PoolBacking Backing, ByteSize DataSize, MetadataContent Content,
        ImmutableArray<MappedName> LeftOver) : DockerPool
    {
        /// <summary>The pool's mapped device; null if it is not live, and was read where it lies.</summary>
        public MappedName? Live { get; init; }
    }

    /// <summary>It cannot be taken over.</summary>
    public sealed record Refused(Refusal Refusal) : DockerPool;
}
