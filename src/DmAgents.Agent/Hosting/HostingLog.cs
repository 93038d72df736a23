using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Hosting;

/// <summary>What the start and the end of the agent log: 5001 to 5099. Ids and names never change.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(EventId = 5001, EventName = "agent-serves", Level = LogLevel.Information,
        Message = "version {Version} serves {Socket}, and containerd at {ContainerdSocket}")]
    public static partial void Serves(this ILogger log, string version, string socket, string containerdSocket);

    [LoggerMessage(EventId = 5002, EventName = "pools-not-stopped", Level = LogLevel.Warning,
        Message = "pools did not stop in time; the next start recovers them")]
    public static partial void PoolsNotStopped(this ILogger log);

    [LoggerMessage(EventId = 5003, EventName = "pool-events-not-watched", Level = LogLevel.Warning,
        Message = "events of pools are not watched, their status is read every {Interval} only: {Reason}")]
    public static partial void PoolEventsNotWatched(this ILogger log, TimeSpan interval, KernelError reason);

    [LoggerMessage(EventId = 5004, EventName = "pool-without-journal", Level = LogLevel.Error,
        Message = "pool {Pool}: {Finding}: {Reason}; next: {Next}")]
    public static partial void PoolWithoutJournal(
        this ILogger log, PoolName pool, string finding, string reason, string next);
}
