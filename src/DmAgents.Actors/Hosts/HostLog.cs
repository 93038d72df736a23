using DmAgents.Domain.Logs;

namespace DmAgents.Actors.Hosts;

/// <summary>What the host's actors and their runtime log: 5101 to 5199. Ids and names never change.</summary>
internal static class HostLog
{
    public static LogLine SnapshotNotStored(string reason) => new(
        5101, "host-snapshot-not-stored", LogSeverity.Warning,
        "the host's snapshot was not stored: {Reason}; the journal's events suffice until the next one", reason);

    public static LogLine ActorStopped(TimeSpan pause) => new(
        5102, "host-actor-stopped", LogSeverity.Error,
        "the host's actor stopped by itself; it starts again in {Pause}", pause);

    public static LogLine SweepFailed(string reason) => new(
        5103, "journal-not-swept", LogSeverity.Warning,
        "the journal keeps more than it needs: old rows cannot be deleted: {Reason}; it is tried again", reason);

    public static LogLine ScheduledFailed() => new(
        5104, "scheduled-work-failed", LogSeverity.Error, "a fault of the agent ended work that was scheduled");
}
