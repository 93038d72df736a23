using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>An operator's request for a new pool's backing.</summary>
public abstract record BackingRequest
{
    private BackingRequest()
    {
    }

    /// <summary>Whole disks for data, concatenated in this order, and one for metadata.</summary>
    public sealed record Direct(ImmutableArray<DevicePath> Data, DevicePath Metadata) : BackingRequest;

    /// <summary>One disk that the agent splits: label, metadata, data.</summary>
    /// <param name="MetadataSize">Null: computed by <see cref="Pools.MetadataSize"/>.</param>
    public sealed record SingleDisk(DevicePath Disk, ByteSize? MetadataSize) : BackingRequest;

    /// <summary>Sparse files that the agent creates, for trials.</summary>
    /// <param name="Directory">Their directory; null: the pool's own directory below the state directory.</param>
    /// <param name="DataSize">The size of the data file.</param>
    /// <param name="MetadataSize">Null: computed by <see cref="Pools.MetadataSize"/>.</param>
    public sealed record Loop(MountPath? Directory, ByteSize DataSize, ByteSize? MetadataSize) : BackingRequest;

    /// <summary>A live and empty thin pool that another program assembles.</summary>
    public sealed record Existing(MappedName Pool) : BackingRequest;
}

/// <summary>One of a pool's two budgets.</summary>
public enum PoolBudget
{
    /// <summary>The data blocks.</summary>
    Data,

    /// <summary>The mappings from thin devices to blocks.</summary>
    Metadata,
}

/// <summary>An operator's request to grow a pool.</summary>
public abstract record GrowthRequest(PoolBudget Budget)
{
    /// <summary>Adds a whole disk.</summary>
    public sealed record AddDisk(PoolBudget Budget, DevicePath Disk) : GrowthRequest(Budget);

    /// <summary>Adds a volume of a volume group, and creates it if it does not exist.</summary>
    public sealed record AddVolume(PoolBudget Budget, LogicalVolume Volume, ByteSize Size) : GrowthRequest(Budget);

    /// <summary>Enlarges the loop file to this size.</summary>
    public sealed record EnlargeTo(PoolBudget Budget, ByteSize Size) : GrowthRequest(Budget);

    /// <summary>Enlarges the loop file by this amount.</summary>
    public sealed record EnlargeBy(PoolBudget Budget, ByteSize More) : GrowthRequest(Budget);
}
