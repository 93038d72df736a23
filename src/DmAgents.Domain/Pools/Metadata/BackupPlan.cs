using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Metadata;

/// <summary>When the metadata of pools are backed up, and how many backups are kept.</summary>
/// <param name="Every">The interval, if anything may have changed; null: never automatically.</param>
/// <param name="AfterChanges">Earlier, once so many devices have been added or removed.</param>
/// <param name="Keep">How many backups of each pool.</param>
/// <param name="KeepBytes">The total size of a pool's backups at most; the latest is always kept.</param>
public sealed record BackupSettings(TimeSpan? Every, int AfterChanges, int Keep, ByteSize KeepBytes)
{
    public static BackupSettings None { get; } = new(null, 1, 1, ByteSize.MiB(1));

    /// <summary>When backups are proved by a test restore.</summary>
    public ProofSettings Proofs { get; init; } = ProofSettings.Never;
}

/// <summary>The outcome of the last backup of a pool's metadata.</summary>
/// <param name="Name">The last backup that was made; null if there is none.</param>
/// <param name="Why">Why a later one failed; null if none failed.</param>
/// <param name="At">The time of that outcome.</param>
public sealed record BackupRecord(string? Name, string? Why, DateTimeOffset At);

/// <summary>A backup, and the size of its file.</summary>
public sealed record BackupFile(BackupName Name, ByteSize Size);

/// <summary>What a pool's backups need. Pure.</summary>
public static class BackupPlan
{
    /// <param name="lastTried">The last backup or try since the agent's start; null: none.</param>
    /// <param name="journaled">The last outcome before that, by the journal; null: none.</param>
    /// <param name="started">When the agent's watch over the pool began.</param>
    /// <param name="before">The devices at the last backup; null if they are unknown.</param>
    /// <param name="now">The devices at this moment.</param>
    public static bool IsDue(
        BackupSettings settings, DateTimeOffset? lastTried, BackupRecord? journaled, DateTimeOffset started,
        ImmutableDictionary<ThinId, DeviceRecord>? before, ImmutableDictionary<ThinId, DeviceRecord> now,
        DateTimeOffset at)
    {
        if (settings.Every is not { } every)
            return false;
        if (before is not null && ChangesBetween(before, now) >= settings.AfterChanges)
            return true;
        // Writes to a device map blocks, and the agent gets no notice.
        var mayHaveChanged = !ReferenceEquals(before, now)
            || now.Values.Any(device => device is { Use: not DeviceUse.Idle, ReadOnly: false });
        return mayHaveChanged && at - (lastTried ?? journaled?.At ?? started) >= every;
    }

    /// <summary>How many devices are in only one of the two.</summary>
    public static int ChangesBetween(
        ImmutableDictionary<ThinId, DeviceRecord> before, ImmutableDictionary<ThinId, DeviceRecord> now) =>
        ReferenceEquals(before, now) ? 0
        : before.Keys.Count(id => !now.ContainsKey(id)) + now.Keys.Count(id => !before.ContainsKey(id));

    /// <summary>The oldest backups beyond the limits of number and size.</summary>
    public static ImmutableArray<BackupName> Surplus(BackupSettings settings, IEnumerable<BackupFile> present)
    {
        var surplus = ImmutableArray.CreateBuilder<BackupName>();
        var (count, bytes) = (0, 0UL);
        foreach (var backup in present.OrderByDescending(backup => backup.Name.At))
        {
            count++;
            bytes += backup.Size.Bytes;
            if (count > 1 && (count > settings.Keep || bytes > settings.KeepBytes.Bytes))
                surplus.Add(backup.Name);
        }
        return surplus.ToImmutable();
    }
}
