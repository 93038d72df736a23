using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Imports;

/// <summary>What imports of images log: 2001 to 2099. Ids and names never change.</summary>
internal static partial class ImportLog
{
    [LoggerMessage(EventId = 2001, EventName = "imported-layer-left", Level = LogLevel.Warning,
        Message = "pool {Pool}: {Device} of a failed import stays: {Reason}; see: dmagent pool check")]
    public static partial void ImportedLayerStays(this ILogger log, PoolName pool, DeviceKey device, Refusal reason);
}
