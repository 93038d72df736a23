using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Exports;

/// <summary>What exports of images and differences of containers log: 2101 to 2199. Ids and names never
/// change.</summary>
internal static partial class ExportLog
{
    [LoggerMessage(EventId = 2101, EventName = "blocks-not-compared", Level = LogLevel.Information,
        Message = "pool {Pool}: content is read, because blocks cannot be compared: {Reason}")]
    public static partial void BlocksNotCompared(this ILogger log, PoolName pool, KernelError reason);

    [LoggerMessage(EventId = 2102, EventName = "exported-layer-left", Level = LogLevel.Warning,
        Message = "pool {Pool}: {Device}, which an export has read, stays until the pool is opened again: {Reason}")]
    public static partial void ExportedLayerStays(this ILogger log, PoolName pool, DeviceKey device, Refusal reason);
}
