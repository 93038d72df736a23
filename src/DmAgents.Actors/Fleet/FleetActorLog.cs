using DmAgents.Domain.Logs;

namespace DmAgents.Actors.Fleet;

/// <summary>What the fleet's actors log: 4101 to 4199. Ids and names never change.</summary>
internal static class FleetActorLog
{
    public static LogLine EventNotWritten(string entity) => new(
        4101, "entity-not-written", LogSeverity.Error,
        "{Entity}: an event cannot be written; the change is refused", entity);

    public static LogLine JournalUnreadable(string entity) => new(
        4102, "entity-unreadable", LogSeverity.Error,
        "{Entity}: the fleet's journal cannot be read; this entity decides nothing until it can", entity);

    public static LogLine EntityFault(string entity) => new(
        4103, "entity-fault", LogSeverity.Error,
        "a fault of the agent ended a round of the fleet's {Entity}; the next round tries it again", entity);

    public static LogLine DatabaseReady(string status, double seconds, long refused) => new(
        4111, "fleet-database-ready", LogSeverity.Information,
        "{Status}; it did not for {Seconds} s, and {Refused} changes were refused",
        status, Math.Round(seconds), refused);

    public static LogLine DatabaseAway(string status, string next) => new(
        4112, "fleet-database-away", LogSeverity.Warning, "{Status}; next: {Next}", status, next);

    public static LogLine DatabaseRefused(string status, string next) => new(
        4113, "fleet-database-refused", LogSeverity.Error, "{Status}; next: {Next}", status, next);

    public static LogLine PeerRefused(string peer, string reason, string next) => new(
        4121, "peer-refused", LogSeverity.Warning, "a peer ({Peer}) is refused: {Reason}; next: {Next}",
        peer, reason, next);
}
