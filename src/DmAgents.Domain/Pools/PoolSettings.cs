using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Pools.Stock;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>How pools are run; config/dmagents.conf explains each.</summary>
public sealed record PoolSettings
{
    public AdmissionMarks Marks { get; init; } = AdmissionMarks.Default;

    /// <summary>How often the pool's status is read.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an outcome may wait for another write to ride along with.</summary>
    public TimeSpan OutcomeDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a deletion or an opening that did not succeed waits for the next try.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After a restart, how long metadata/ and mnt/ wait to be compared with the journal.</summary>
    public TimeSpan ProjectionDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a stop waits for operations under way.</summary>
    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A snapshot of the state is stored after so many events.</summary>
    public int SnapshotEvery { get; init; } = 1000;

    /// <summary>Operations under way beyond which a command is answered with Busy.</summary>
    public int MaxOperations { get; init; } = 2000;

    /// <summary>Discard a removed device's blocks before its id is deleted: null means on loop pools only.</summary>
    public bool? DiscardOnRemove { get; init; }

    /// <summary>How long writers to a full pool wait for space before they get an error.</summary>
    public TimeSpan FullWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>When and how far a pool is made larger without anyone asking.</summary>
    public ExtensionSettings Extension { get; init; } = ExtensionSettings.None;

    /// <summary>Below this something may have to be done: the kernel is asked to tell, and the status is read more
    /// often.</summary>
    public double LowWaterPercent =>
        Math.Max(1, Math.Max(Marks.MinFreeDataPercent, Extension.BelowFreePercent));

    /// <summary>What is made before anyone asks.</summary>
    public StockSettings Stock { get; init; } = StockSettings.None;

    /// <summary>When the pool's own metadata are backed up.</summary>
    public BackupSettings Backups { get; init; } = BackupSettings.None;

    public bool DiscardsOnRemove(PoolBacking backing) => DiscardOnRemove ?? backing is PoolBacking.LoopFiles;

    /// <summary>Where nothing is said about discards: a removed device with more than this of its own is discarded
    /// piece by piece on a disk, too, because deleting it at once holds all others up.</summary>
    public ByteSize DeleteAtOnce { get; init; } = ByteSize.GiB(4);

    /// <summary>A device with more of its own than this is discarded before its id is deleted; null: none is.</summary>
    public ByteSize? DiscardsAbove(PoolBacking backing) =>
        DiscardsOnRemove(backing) ? ByteSize.Zero : DiscardOnRemove is null ? DeleteAtOnce : null;

    /// <summary>How much of the time deletions and trimming take while the pool is well.</summary>
    public BackgroundPace Background { get; init; } = BackgroundPace.Default;

    /// <summary>When mounted file systems are trimmed.</summary>
    public TrimSettings Trim { get; init; } = TrimSettings.Never;
}
