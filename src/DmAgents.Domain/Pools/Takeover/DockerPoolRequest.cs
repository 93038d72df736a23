using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>Which Docker's pool to take over.</summary>
/// <param name="DataRoot">Docker's data root: <c>/var/lib/docker</c>.</param>
/// <param name="ThinPool">The pool that another program assembles for it (Docker's option dm.thinpooldev); null if it
/// has loop files, or made a pool by itself.</param>
public sealed record DockerPoolRequest(MountPath DataRoot, MappedName? ThinPool)
{
    /// <summary>The directory of its devicemapper driver, after which Docker names its devices.</summary>
    public MountPath Directory => new($"{DataRoot.Value.TrimEnd('/')}/devicemapper");

    public LoopFile Data => new($"{Directory}/devicemapper/data");

    public LoopFile Metadata => new($"{Directory}/devicemapper/metadata");
}

/// <summary>The result of looking for a Docker's pool.</summary>
public abstract record DockerPool
{
    private DockerPool()
    {
    }

    /// <summary>No process uses the pool, and it can be taken over.</summary>
    /// <param name="Place">The request, with real paths: a link may lead elsewhere later.</param>
    /// <param name="Backing">The pool's devices or loop files.</param>
    /// <param name="DataSize">The size of its data device.</param>
    /// <param name="Content">The content of its metadata.</param>
    /// <param name="LeftOver">Mapped devices of a Docker that has ended, thin devices before their pool: they must be
    /// removed first.</param>
    public sealed record Found(
        DockerPoolRequest Place, PoolBacking Backing, ByteSize DataSize, MetadataContent Content,
        ImmutableArray<MappedName> LeftOver) : DockerPool
    {
        /// <summary>The pool's mapped device; null if it is not live, and its metadata were read from the
        /// file.</summary>
        public MappedName? Live { get; init; }
    }

    /// <summary>It cannot be taken over.</summary>
    public sealed record Refused(Refusal Refusal) : DockerPool;
}
