using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>What the announcing of hosts and their contents to the fleet logs: 4201 to 4299. Ids and names never
/// change.</summary>
internal static partial class InventoryLog
{
    [LoggerMessage(EventId = 4201, EventName = "announcements-fault", Level = LogLevel.Error,
        Message = "a fault of the agent ended {Part}; they begin anew")]
    public static partial void AnnouncementsFault(this ILogger log, Exception fault, string part);

    [LoggerMessage(EventId = 4202, EventName = "announcements-begin-anew", Level = LogLevel.Warning,
        Message = "fleet {Fleet}: the fleet, which had given this host up, refused its announcements; they begin anew")]
    public static partial void AnnouncementsBeginAnew(this ILogger log, FleetName fleet);

    [LoggerMessage(EventId = 4203, EventName = "announcements-blocked", Level = LogLevel.Warning,
        Message = "fleet {Fleet}: this host announces nothing: {Reason}; it is tried again")]
    public static partial void AnnouncementsBlocked(this ILogger log, FleetName fleet, KernelError reason);

    [LoggerMessage(EventId = 4204, EventName = "fleet-host-left", Level = LogLevel.Information,
        Message = "host {Host} has left the fleet: its copies count no more")]
    public static partial void HostLeft(this ILogger log, HostName host);

    [LoggerMessage(EventId = 4205, EventName = "fleet-host-lost", Level = LogLevel.Warning,
        Message = "host {Host} is lost: its copies count no more, and the fleet restores what it lacks")]
    public static partial void HostLost(this ILogger log, HostName host);

    [LoggerMessage(EventId = 4206, EventName = "content-unknown", Level = LogLevel.Warning,
        Message = "pool {Pool}: the fleet does not know the content of {Device}: {Reason}; it is read again later")]
    public static partial void ContentUnknown(this ILogger log, PoolName pool, DeviceKey device, string reason);

    [LoggerMessage(EventId = 4207, EventName = "announcement-refused", Level = LogLevel.Warning,
        Message = "{Subject} in the fleet: {Reason}")]
    public static partial void AnnouncementRefused(this ILogger log, string subject, string reason);
}
