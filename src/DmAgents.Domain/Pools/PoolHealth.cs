using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>What a pool permits at this moment, in order of severity.</summary>
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

/// <summary>A pool's condition by the journal.</summary>
/// <param name="Why">The cause, for people.</param>
/// <param name="Since">When this condition was first found; null if no other was ever found.</param>
public sealed record ConditionRecord(PoolCondition Condition, string Why, DateTimeOffset? Since)
{
    public static ConditionRecord Initial { get; } = new(PoolCondition.Writable, "", Since: null);
}

/// <summary>How much of both budgets is kept free: below it, nothing that fills the pool further is admitted.</summary>
/// <param name="MinFreeDataPercent">Of the data blocks; 10 by default, as Docker's dm.min_free_space.</param>
/// <param name="MinFreeMetadataPercent">Of the metadata blocks.</param>
public sealed record AdmissionMarks(double MinFreeDataPercent, double MinFreeMetadataPercent)
{
    public static AdmissionMarks Default { get; } = new(10, 10);
}

/// <summary>A pool's status with its condition.</summary>
public sealed record PoolHealth(ThinPoolStatus Status, PoolCondition Condition)
{
    public static PoolHealth Judge(ThinPoolStatus status, AdmissionMarks marks) => new(status, status switch
    {
        { Mode: PoolMode.Failed or PoolMode.Error } => PoolCondition.Failed,
        { NeedsCheck: true } => PoolCondition.NeedsCheck,
        { Mode: PoolMode.ReadOnly } => PoolCondition.ReadOnly,
        { Mode: PoolMode.OutOfDataSpace } => PoolCondition.OutOfData,
        // The kernel reports it as writable until the next write finds no block, and again after each reload.
        { Data: { Free: 0, Total: > 0 } } => PoolCondition.OutOfData,
        _ when status.Metadata.FreePercent < marks.MinFreeMetadataPercent => PoolCondition.LowMetadata,
        _ when status.Data.FreePercent < marks.MinFreeDataPercent => PoolCondition.LowData,
        _ => PoolCondition.Writable,
    });

    /// <summary>The cause of the condition, with its numbers, for people.</summary>
    public string Why => Condition switch
    {
        PoolCondition.LowData => $"{Free("data", Status.Data)}, below the mark",
        PoolCondition.LowMetadata => $"{Free("metadata", Status.Metadata)}, below the mark",
        PoolCondition.OutOfData => $"{Free("data", Status.Data)}; writers "
            + (Status.NoSpace == NoSpacePolicy.Queue ? "wait" : "get an error"),
        PoolCondition.ReadOnly => $"the kernel takes no changes; {Free("metadata", Status.Metadata)}",
        PoolCondition.NeedsCheck => "the kernel demands a check of the pool's metadata",
        PoolCondition.Failed => "the kernel has given the pool up",
        _ => $"{Free("data", Status.Data)}, {Free("metadata", Status.Metadata)}",
    };

    /// <summary>The event for a changed condition; null if it has not changed.</summary>
    public PoolEvents.ConditionChanged? ChangeFrom(PoolState state, DateTimeOffset at) =>
        state.Condition.Condition == Condition
            ? null
            : new PoolEvents.ConditionChanged(state.Condition.Condition, Condition, Why, at);

    private static string Free(string what, BlockUsage usage) =>
        $"{usage.FreeBytes} of {usage.TotalBytes} {what} free";

    /// <summary>The kernel accepts pool messages: snapshots can be created and deleted.</summary>
    public bool CanChange => Condition <= PoolCondition.OutOfData;

    public ByteSize DataTotal => Status.Data.TotalBytes;
}
