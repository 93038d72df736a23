using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>What can be done with a pool at this moment, in order of severity.</summary>
public enum PoolCondition
{
    Writable,
    LowData,
    LowMetadata,
    OutOfData,
    ReadOnly,
    NeedsCheck,
    Failed,
}

/// <summary>How much of both budgets is kept free: below it, nothing that makes the pool fuller is admitted.</summary>
/// <param name="MinFreeDataPercent">Of the data blocks; 10 by default, as Docker's dm.min_free_space.</param>
/// <param name="MinFreeMetadataPercent">Of the metadata blocks.</param>
public sealed record AdmissionMarks(double MinFreeDataPercent, double MinFreeMetadataPercent)
{
    public static AdmissionMarks Default { get; } = new(10, 10);
}

/// <summary>A pool's status, judged.</summary>
public sealed record PoolHealth(ThinPoolStatus Status, PoolCondition Condition)
{
    public static PoolHealth Judge(ThinPoolStatus status, AdmissionMarks marks) => new(status, status switch
    {
        { Mode: PoolMode.Failed or PoolMode.Error } => PoolCondition.Failed,
        { NeedsCheck: true } => PoolCondition.NeedsCheck,
        { Mode: PoolMode.ReadOnly } => PoolCondition.ReadOnly,
        { Mode: PoolMode.OutOfDataSpace } => PoolCondition.OutOfData,
        _ when status.Metadata.FreePercent < marks.MinFreeMetadataPercent => PoolCondition.LowMetadata,
        _ when status.Data.FreePercent < marks.MinFreeDataPercent => PoolCondition.LowData,
        _ => PoolCondition.Writable,
    });

    /// <summary>Pool messages are accepted by the kernel: snapshots can be made and deleted.</summary>
    public bool CanChange => Condition <= PoolCondition.OutOfData;

    public ByteSize DataTotal => Status.Data.TotalBytes;
}
