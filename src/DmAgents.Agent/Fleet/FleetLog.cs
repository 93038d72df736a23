using System.Net;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Fleet;

/// <summary>What the host's membership in a fleet logs: 4001 to 4099. Ids and names never change.</summary>
internal static partial class FleetLog
{
    [LoggerMessage(EventId = 4001, EventName = "fleet-phase", Level = LogLevel.Information,
        Message = "fleet {Fleet}: {Status}")]
    public static partial void PhaseEntered(this ILogger log, FleetName fleet, string status);

    [LoggerMessage(EventId = 4002, EventName = "fleet-cut-off", Level = LogLevel.Warning,
        Message = "fleet {Fleet}: {Status}")]
    public static partial void CutOff(this ILogger log, FleetName fleet, string status);

    [LoggerMessage(EventId = 4003, EventName = "fleet-host-state", Level = LogLevel.Information,
        Message = "fleet {Fleet}: host {Host} is {State}")]
    public static partial void HostState(this ILogger log, FleetName fleet, string host, string state);

    [LoggerMessage(EventId = 4004, EventName = "fleet-host-unreachable", Level = LogLevel.Warning,
        Message = "fleet {Fleet}: host {Host} is unreachable; it is removed from the fleet if that lasts")]
    public static partial void HostUnreachable(this ILogger log, FleetName fleet, string host);

    [LoggerMessage(EventId = 4005, EventName = "fleet-host-gone", Level = LogLevel.Information,
        Message = "fleet {Fleet}: host {Host} has gone")]
    public static partial void HostGone(this ILogger log, FleetName fleet, string host);

    [LoggerMessage(EventId = 4006, EventName = "revocations-taken", Level = LogLevel.Information,
        Message = "the fleet's revocations are those of number {Number}")]
    public static partial void RevocationsTaken(this ILogger log, ulong number);

    [LoggerMessage(EventId = 4007, EventName = "revocations-not-stored", Level = LogLevel.Warning,
        Message = "the fleet's revocations are not on disk: {Reason}; after a restart this host asks for them again")]
    public static partial void RevocationsNotStored(this ILogger log, KernelError reason);

    [LoggerMessage(EventId = 4008, EventName = "port-opened", Level = LogLevel.Information,
        Message = "listens at {EndPoint} for {Service}")]
    public static partial void PortOpened(this ILogger log, EndPoint endPoint, string service);

    [LoggerMessage(EventId = 4009, EventName = "port-not-opened", Level = LogLevel.Error,
        Message = "cannot listen at {EndPoint} for {Service}: {Reason}; it is tried again every few seconds")]
    public static partial void PortNotOpened(this ILogger log, MemberAddress endPoint, string service, string reason);

    [LoggerMessage(EventId = 4010, EventName = "connection-not-taken", Level = LogLevel.Warning,
        Message = "a connection for {Service} cannot be taken: {Reason}; present connections continue")]
    public static partial void ConnectionNotTaken(this ILogger log, string service, string reason);

    [LoggerMessage(EventId = 4011, EventName = "connection-fault", Level = LogLevel.Warning,
        Message = "a fault ended a connection for {Service}; other connections continue")]
    public static partial void ConnectionFault(this ILogger log, Exception fault, string service);

    /// <summary>For debugging: any program can connect, as often as it likes.</summary>
    [LoggerMessage(EventId = 4012, EventName = "connection-ended", Level = LogLevel.Debug,
        Message = "a connection for {Service} ended: {Reason}")]
    public static partial void ConnectionEnded(this ILogger log, string service, string reason);

    [LoggerMessage(EventId = 4013, EventName = "certificate-not-renewed", Level = LogLevel.Warning,
        Message = "{Reason}; next: {Next}")]
    public static partial void CertificateNotRenewed(this ILogger log, string reason, string next);

    [LoggerMessage(EventId = 4014, EventName = "certificate-ending", Level = LogLevel.Error,
        Message = "{Reason}; next: {Next}")]
    public static partial void CertificateEnding(this ILogger log, string reason, string next);

    [LoggerMessage(EventId = 4015, EventName = "certificate-renewed", Level = LogLevel.Information,
        Message = "the certificate of host {Host} is renewed until {End:u}")]
    public static partial void CertificateRenewed(this ILogger log, HostName host, DateTimeOffset end);

    [LoggerMessage(EventId = 4016, EventName = "fleet-files-damaged", Level = LogLevel.Error,
        Message = "this host takes part in no fleet: {Reason}; next: {Next}")]
    public static partial void FilesDamaged(this ILogger log, Refusal reason, string next);

    [LoggerMessage(EventId = 4017, EventName = "fleet-not-left", Level = LogLevel.Warning,
        Message = "the fleet was not left in time; the other hosts find this one unreachable")]
    public static partial void NotLeft(this ILogger log);

    [LoggerMessage(EventId = 4018, EventName = "fleet-expelled", Level = LogLevel.Error,
        Message = "this host no longer takes part in the fleet: {Reason}; next: {Next}")]
    public static partial void Expelled(this ILogger log, string reason, string next);

    [LoggerMessage(EventId = 4019, EventName = "members-not-stored", Level = LogLevel.Warning,
        Message = "the members of the fleet that this host knows are not on disk: {Reason}")]
    public static partial void MembersNotStored(this ILogger log, KernelError reason);

    [LoggerMessage(EventId = 4020, EventName = "fleet-part-ended", Level = LogLevel.Error,
        Message = "a fault of the agent ended {Part}, which a member needs; restart the agent, and report it")]
    public static partial void PartEnded(this ILogger log, Exception fault, string part);

    [LoggerMessage(EventId = 4021, EventName = "join-refused", Level = LogLevel.Warning,
        Message = "a host was refused: {Reason}; next: {Next}")]
    public static partial void JoinRefused(this ILogger log, string reason, string next);
}
