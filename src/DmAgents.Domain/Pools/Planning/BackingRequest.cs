using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>What an operator wants a new pool to be made of.</summary>
public abstract record BackingRequest
{
    private BackingRequest()
    {
    }

    /// <summary>Whole disks for the blocks, joined in this order, and one for the metadata.</summary>
    public sealed record Direct(ImmutableArray<DevicePath> Data, DevicePath Metadata) : BackingRequest;

    /// <summary>One disk that the agent splits: label, metadata, blocks.</summary>
    /// <param name="MetadataSize">Null: what <see cref="Pools.MetadataSize"/> says.</param>
    public sealed record SingleDisk(DevicePath Disk, ByteSize? MetadataSize) : BackingRequest;

    /// <summary>Sparse files that the agent makes: for trying out.</summary>
    /// <param name="Directory">Where; null: the pool's own place below the state directory.</param>
    /// <param name="DataSize">Of the file with the blocks.</param>
    /// <param name="MetadataSize">Null: what <see cref="Pools.MetadataSize"/> says.</param>
    public sealed record Loop(MountPath? Directory, ByteSize DataSize, ByteSize? MetadataSize) : BackingRequest;

    /// <summary>A live and empty thin pool of someone else.</summary>
    public sealed record Existing(MappedName Pool) : BackingRequest;
}

/// <summary>One of a pool's two budgets.</summary>
public enum PoolBudget
{
    /// <summary>The blocks.</summary>
    Data,

    /// <summary>What maps thin devices to blocks.</summary>
    Metadata,
}

/// <summary>What an operator wants to give a pool besides what it has.</summary>
public abstract record GrowthRequest(PoolBudget Budget)
{
    /// <summary>A whole disk more.</summary>
    public sealed record AddDisk(PoolBudget Budget, DevicePath Disk) : GrowthRequest(Budget);

    /// <summary>A volume of a volume group, which is made where there is none of that name.</summary>
    public sealed record AddVolume(PoolBudget Budget, LogicalVolume Volume, ByteSize Size) : GrowthRequest(Budget);

    /// <summary>The loop file is to have this size.</summary>
    public sealed record EnlargeTo(PoolBudget Budget, ByteSize Size) : GrowthRequest(Budget);

    /// <summary>The loop file is to be so much larger.</summary>
    public sealed record EnlargeBy(PoolBudget Budget, ByteSize More) : GrowthRequest(Budget);
}
