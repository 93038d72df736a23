using DmAgents.Domain.Devices;
using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Engine.Pools;

/// <summary>What a pool's machine logs: 1001 to 1099. Ids and names never change.</summary>
internal static class PoolLog
{
    public static LogLine PhaseEntered(PoolName pool, PoolPhase phase, string reason) => phase switch
    {
        PoolPhase.Unavailable => Unavailable(pool, reason),
        PoolPhase.WrongPool => Wrong(pool, reason),
        _ => Phase(pool, phase, reason),
    };

    public static LogLine ConditionChanged(PoolName pool, PoolCondition condition, string reason) => condition switch
    {
        PoolCondition.Writable => Writable(pool, condition, reason),
        PoolCondition.LowData or PoolCondition.LowMetadata => Low(pool, condition, reason),
        _ => Unusable(pool, condition, reason),
    };

    public static LogLine Found(PoolName pool, PoolEvent finding) => finding switch
    {
        PoolEvents.Lost { Id: var device } => DeviceLost(pool, device),
        PoolEvents.Quarantined { Id: var device, Why: var reason } => ThinQuarantined(pool, device, reason),
        _ => Corrected(pool, finding),
    };

    public static LogLine Phase(PoolName pool, PoolPhase phase, string reason) => string.IsNullOrEmpty(reason)
        ? new(1001, "pool-phase", LogSeverity.Information, "pool {Pool} is {Phase}", pool, phase)
        : new(1001, "pool-phase", LogSeverity.Information, "pool {Pool} is {Phase}: {Reason}", pool, phase, reason);

    public static LogLine Unavailable(PoolName pool, string reason) => new(
        1002, "pool-unavailable", LogSeverity.Error,
        "pool {Pool} cannot be opened: {Reason}; it is retried", pool, reason);

    public static LogLine Wrong(PoolName pool, string reason) => new(
        1003, "pool-wrong", LogSeverity.Error,
        "pool {Pool} and the journal do not belong together: {Reason}; nothing is changed until you decide",
        pool, reason);

    public static LogLine StopIncomplete(PoolName pool, int count) => new(
        1004, "pool-stop-incomplete", LogSeverity.Warning,
        "pool {Pool}: {Count} operations are still under way at the stop; the next start completes or undoes them",
        pool, count);

    public static LogLine LeftOver(PoolName pool, KernelError reason) => new(
        1005, "pool-left-over", LogSeverity.Warning,
        "pool {Pool}: something is left over from an earlier agent and cannot be removed: {Reason}", pool, reason);

    public static LogLine Unchecked(PoolName pool, KernelError reason) => new(
        1006, "pool-unchecked", LogSeverity.Warning,
        "pool {Pool}: its metadata were not checked before it was made live: {Reason}", pool, reason);

    public static LogLine SectorsDiffer(PoolName pool, string reason) => new(
        1007, "pool-sectors", LogSeverity.Warning, "pool {Pool}: {Reason}", pool, reason);

    public static LogLine DeviceLost(PoolName pool, ThinId device) => new(
        1008, "device-lost", LogSeverity.Error,
        "pool {Pool}: the journal has device {Device}, and the pool lacks it; see: dmagent pool check", pool, device);

    public static LogLine ThinQuarantined(PoolName pool, ThinId device, string reason) => new(
        1009, "thin-quarantined", LogSeverity.Warning,
        "pool {Pool}: thin id {Device} is in quarantine: {Reason}; see: dmagent pool quarantine list",
        pool, device, reason);

    public static LogLine Corrected(PoolName pool, PoolEvent finding) => new(
        1010, "pool-corrected", LogSeverity.Information, "pool {Pool} was found at opening with: {Finding}",
        pool, finding);

    public static LogLine Writable(PoolName pool, PoolCondition condition, string reason) => new(
        1011, "pool-writable", LogSeverity.Information, "pool {Pool} is {Condition}: {Reason}",
        pool, condition, reason);

    public static LogLine Low(PoolName pool, PoolCondition condition, string reason) => new(
        1012, "pool-low", LogSeverity.Warning, "pool {Pool} is {Condition}: {Reason}; it refuses new devices",
        pool, condition, reason);

    public static LogLine Unusable(PoolName pool, PoolCondition condition, string reason) => new(
        1013, "pool-unusable", LogSeverity.Error, "pool {Pool} is {Condition}: {Reason}; see: dmagent pool show",
        pool, condition, reason);

    public static LogLine StatusUnreadable(PoolName pool, KernelError reason) => new(
        1014, "pool-status-unreadable", LogSeverity.Warning,
        "pool {Pool}: its status cannot be read: {Reason}; it is read again", pool, reason);

    public static LogLine FullPolicySet(PoolName pool, NoSpacePolicy policy) => new(
        1015, "pool-full-policy", LogSeverity.Information, "pool {Pool} lets writers {Policy} when it is full",
        pool, policy == NoSpacePolicy.Queue ? "wait" : "fail");

    public static LogLine FullPolicyFailed(PoolName pool, KernelError reason) => new(
        1016, "pool-full-policy-failed", LogSeverity.Warning,
        "pool {Pool}: what it does with writers when it is full could not be set: {Reason}", pool, reason);

    public static LogLine Extended(PoolName pool, ByteSize size) => new(
        1017, "pool-extended", LogSeverity.Information, "pool {Pool} runs low and is extended to {Size} of data",
        pool, size);

    public static LogLine NotExtended(PoolName pool, string reason) => new(
        1018, "pool-not-extended", LogSeverity.Warning, "pool {Pool}: it runs low and is not extended: {Reason}",
        pool, reason);

    public static LogLine RemovalWaits(PoolName pool, ThinId device, string reason) => new(
        1019, "removal-waits", LogSeverity.Information, "pool {Pool}: the removal of device {Device} waits: {Reason}",
        pool, device, reason);

    public static LogLine TrimFailed(PoolName pool, ThinId device, KernelError reason) => new(
        1020, "trim-failed", LogSeverity.Warning,
        "pool {Pool}: device {Device} is not trimmed: {Reason}; the next round tries it again", pool, device, reason);

    public static LogLine MetadataNotRepaired(PoolName pool, KernelError reason) => new(
        1021, "metadata-not-repaired", LogSeverity.Warning,
        "pool {Pool}: its metadata are as they were: {Reason}", pool, reason);

    public static LogLine ReturnFailed(PoolName pool, KernelError reason) => new(
        1022, "adoption-not-undone", LogSeverity.Warning,
        "pool {Pool}: it could not be given back yet: {Reason}; it is tried again", pool, reason);

    public static LogLine CheckpointFailed(PoolName pool, TransactionId checkpoint, KernelError reason) => new(
        1023, "checkpoint-failed", LogSeverity.Warning,
        "pool {Pool}: checkpoint {Checkpoint} was not set: {Reason}", pool, checkpoint, reason);

    public static LogLine DeviceDiffers(PoolName pool, ThinId device, string reason) => new(
        1024, "device-differs", LogSeverity.Warning,
        "pool {Pool}: device {Device} is not as its record says: {Reason}; it is tried again", pool, device, reason);

    public static LogLine DeviceRestored(PoolName pool, ThinId device) => new(
        1025, "device-restored", LogSeverity.Warning,
        "pool {Pool}: device {Device} was not as its record says, and is again", pool, device);

    public static LogLine RemovalFailed(PoolName pool, ThinId device, string reason) => new(
        1026, "removal-failed", LogSeverity.Warning,
        "pool {Pool}: the blocks of removed device {Device} stay in use: {Reason}; it is tried again",
        pool, device, reason);

    public static LogLine PurgeFailed(PoolName pool, ThinId device, KernelError reason) => new(
        1027, "purge-failed", LogSeverity.Warning,
        "pool {Pool}: thin id {Device} is not purged: {Reason}; it is tried again", pool, device, reason);
}
