using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;

namespace DmAgents.Agent.Registries;

/// <summary>What pulls and pushes log: 2201 to 2299. Ids and names never change.</summary>
internal static partial class RegistryLog
{
    [LoggerMessage(EventId = 2201, EventName = "pull-not-from-host", Level = LogLevel.Information,
        Message = "host {Host} does not bring {Image}: {Reason}; another source is asked")]
    public static partial void NotFromHost(this ILogger log, HostName host, ImageReference image, string reason);
}
