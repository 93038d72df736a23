using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Stock;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>The settings of pools; config/dmagents.conf explains each.</summary>
public sealed record PoolSettings
{
    public AdmissionMarks Marks { get; init; } = AdmissionMarks.Default;

    /// <summary>How often the pool's status is read.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an outcome may wait to be written together with another event.</summary>
    public TimeSpan OutcomeDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The delay before a failed deletion or opening is retried.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The delay after a restart before metadata/ and mnt/ are compared with the journal.</summary>
    public TimeSpan ProjectionDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a stop waits for operations under way.</summary>
    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many events lie between two stored snapshots of the state.</summary>
    public int SnapshotEvery { get; init; } = 1000;

    /// <summary>The limit of operations under way; beyond it a command gets Busy.</summary>
    public int MaxOperations { get; init; } = 2000;

    /// <summary>Discard a removed device's blocks before its id is deleted: null means on loop pools only.</summary>
    public bool? DiscardOnRemove { get; init; }

    /// <summary>How long writers to a full pool wait for space before they get an error.</summary>
    public TimeSpan FullWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>When and how far a pool is extended automatically.</summary>
    public ExtensionSettings Extension { get; init; } = ExtensionSettings.None;

    /// <summary>Below this percentage the pool may need action: the kernel raises an event, and the status is read more
    /// often.</summary>
    public double LowWaterPercent =>
        Math.Max(1, Math.Max(Marks.MinFreeDataPercent, Extension.BelowFreePercent));

    /// <summary>The stock: snapshots that are created in advance.</summary>
    public StockSettings Stock { get; init; } = StockSettings.None;

    /// <summary>When the pool's own metadata are backed up.</summary>
    public BackupSettings Backups { get; init; } = BackupSettings.None;

    public bool DiscardsOnRemove(PoolBacking backing) => DiscardOnRemove ?? backing is PoolBacking.LoopFiles;

    /// <summary>Applies if discards are not configured. A removed device with more unshared blocks than this is
    /// discarded piece by piece, on a disk too: deleting it at once would hold up all other requests.</summary>
    public ByteSize DeleteAtOnce { get; init; } = ByteSize.GiB(4);

    /// <summary>A device with more unshared blocks than this is discarded before its id is deleted; null: none
    /// is.</summary>
    public ByteSize? DiscardsAbove(PoolBacking backing) =>
        DiscardsOnRemove(backing) ? ByteSize.Zero : DiscardOnRemove is null ? DeleteAtOnce : null;

    /// <summary>The share of time for deletions and trimming while the pool is healthy.</summary>
    public BackgroundPace Background { get; init; } = BackgroundPace.Default;

    /// <summary>When mounted file systems are trimmed.</summary>
    public TrimSettings Trim { get; init; } = TrimSettings.Never;
}
