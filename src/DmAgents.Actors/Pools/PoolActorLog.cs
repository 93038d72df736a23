using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>What a pool's actors log beside its machine: 1101 to 1199. Ids and names never change.</summary>
internal static class PoolActorLog
{
    public static LogLine SnapshotNotStored(PoolName pool, string reason) => new(
        1101, "pool-snapshot-not-stored", LogSeverity.Warning,
        "pool {Pool}: its snapshot was not stored: {Reason}; the journal's events suffice until the next one",
        pool, reason);

    public static LogLine FilesBehind(PoolName pool, KernelError reason) => new(
        1102, "pool-files-behind", LogSeverity.Warning,
        "pool {Pool}: metadata/ or mnt/ is behind the journal: {Reason}", pool, reason);

    public static LogLine ActorStopped(PoolName pool, TimeSpan pause) => new(
        1103, "pool-actor-stopped", LogSeverity.Error,
        "pool {Pool}: its actor stopped by itself; it starts again in {Pause}", pool, pause);
}
