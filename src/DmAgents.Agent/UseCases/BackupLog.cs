using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>What the backups of pools' metadata log: 1201 to 1299. Ids and names never change.</summary>
internal static partial class BackupLog
{
    [LoggerMessage(EventId = 1201, EventName = "backup-not-proved", Level = LogLevel.Warning,
        Message = "pool {Pool}: backup {Backup} is not proved to be restorable: {Reason}")]
    public static partial void BackupNotProved(this ILogger log, PoolName pool, BackupName backup, string reason);

    [LoggerMessage(EventId = 1202, EventName = "backup-not-journaled", Level = LogLevel.Warning,
        Message = "pool {Pool}: the outcome of a backup is not journaled: {Reason}")]
    public static partial void BackupNotJournaled(this ILogger log, PoolName pool, Refusal reason);

    [LoggerMessage(EventId = 1203, EventName = "backup-failed", Level = LogLevel.Warning,
        Message = "pool {Pool}: its metadata were not backed up: {Reason}; it is tried again")]
    public static partial void BackupFailed(this ILogger log, PoolName pool, KernelError reason);

    [LoggerMessage(EventId = 1204, EventName = "backups-not-removed", Level = LogLevel.Warning,
        Message = "pool {Pool}: backups that are too many were not removed: {Reason}")]
    public static partial void BackupsNotRemoved(this ILogger log, PoolName pool, KernelError reason);
}
