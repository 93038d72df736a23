using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Mending;

/// <summary>When the metadata of pools are backed up, and how many backups are kept.</summary>
/// <param name="Every">At this interval, where anything may have changed; null: never by itself.</param>
/// <param name="AfterChanges">Before that, once so many devices have come or gone.</param>
/// <param name="Keep">How many of each pool.</param>
/// <param name="KeepBytes">How much those of a pool take at most; the latest stays in any case.</param>
public sealed record BackupSettings(TimeSpan? Every, int AfterChanges, int Keep, ByteSize KeepBytes)
{
    public static BackupSettings None { get; } = new(null, 1, 1, ByteSize.MiB(1));

    /// <summary>When they are tried out.</summary>
    public ProofSettings Proofs { get; init; } = ProofSettings.Never;
}

/// <summary>How the last backup of a pool's metadata went.</summary>
/// <param name="Name">The last that was made; null where none was yet.</param>
/// <param name="Why">Why a later one could not be made; null where it was.</param>
/// <param name="At">When that was.</param>
public sealed record BackupRecord(string? Name, string? Why, DateTimeOffset At);

/// <summary>A backup, and what its file takes.</summary>
public sealed record BackupFile(BackupName Name, ByteSize Size);

/// <summary>What there is to do about a pool's backups. Pure.</summary>
public static class BackupPlan
{
    /// <param name="lastTried">When it was done or tried last; null: not since the agent's start.</param>
    /// <param name="journaled">How it went before that, as the journal has it; null: never.</param>
    /// <param name="started">When the agent's watch over the pool began.</param>
    /// <param name="before">The devices at the last backup; null: there is none that is known.</param>
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
        // Whoever writes to a device maps blocks, and nobody is told.
        var mayHaveChanged = !ReferenceEquals(before, now)
            || now.Values.Any(device => device is { Use: not DeviceUse.Idle, ReadOnly: false });
        return mayHaveChanged && at - (lastTried ?? journaled?.At ?? started) >= every;
    }

    /// <summary>How many devices are in one and not in the other.</summary>
    public static int ChangesBetween(
        ImmutableDictionary<ThinId, DeviceRecord> before, ImmutableDictionary<ThinId, DeviceRecord> now) =>
        ReferenceEquals(before, now) ? 0
        : before.Keys.Count(id => !now.ContainsKey(id)) + now.Keys.Count(id => !before.ContainsKey(id));

    /// <summary>The oldest that are too many, or too much.</summary>
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
