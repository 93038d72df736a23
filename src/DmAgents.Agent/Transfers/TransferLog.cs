using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Transfers;

/// <summary>What the copying of images and layers between hosts logs: 3001 to 3999. Ids and names never
/// change.</summary>
internal static partial class TransferLog
{
    [LoggerMessage(EventId = 3001, EventName = "image-copy-resumed", Level = LogLevel.Information,
        Message = "the copy of {Image} from host {Host} continues")]
    public static partial void CopyResumed(this ILogger log, string image, HostName host);

    [LoggerMessage(EventId = 3002, EventName = "image-copy-unreadable", Level = LogLevel.Warning,
        Message = "a copy is undone, because {File} cannot be read: {Reason}; copy the image again")]
    public static partial void CopyUnreadable(this ILogger log, string file, string reason);

    [LoggerMessage(EventId = 3003, EventName = "image-copies-not-stopped", Level = LogLevel.Warning,
        Message = "transfers did not stop in time; the next start resumes them")]
    public static partial void CopiesNotStopped(this ILogger log);

    [LoggerMessage(EventId = 3004, EventName = "image-copy-failed", Level = LogLevel.Warning,
        Message = "image {Image} was not copied from host {Host}: {Reason}; next: {Next}")]
    public static partial void CopyFailed(
        this ILogger log, string image, HostName host, Refusal reason, string next);

    [LoggerMessage(EventId = 3005, EventName = "image-copy-not-ended", Level = LogLevel.Warning,
        Message = "the copy of {Image} is over, but continues after the next start: {Reason}")]
    public static partial void CopyNotEnded(this ILogger log, string image, KernelError reason);

    [LoggerMessage(EventId = 3006, EventName = "image-copy-fault", Level = LogLevel.Error,
        Message = "a fault of the agent ended the copy of {Image}; report it with this log")]
    public static partial void CopyFault(this ILogger log, Exception fault, string image);

    [LoggerMessage(EventId = 3007, EventName = "received-bytes-left", Level = LogLevel.Warning,
        Message = "pool {Pool}: what was received of {Device}, which is present, stays for now: {Reason}")]
    public static partial void ReceivedStays(this ILogger log, PoolName pool, DeviceKey device, KernelError reason);

    [LoggerMessage(EventId = 3008, EventName = "copied-layer-left", Level = LogLevel.Warning,
        Message = "pool {Pool}: {Device} of a failed copy stays until the pool is opened again: {Reason}")]
    public static partial void CopiedLayerStays(this ILogger log, PoolName pool, DeviceKey device, Refusal reason);

    [LoggerMessage(EventId = 3101, EventName = "layer-received", Level = LogLevel.Information,
        Message = "pool {Pool}: layer {Layer} came from host {Host}")]
    public static partial void LayerReceived(this ILogger log, PoolName pool, ChainId layer, HostName host);

    [LoggerMessage(EventId = 3102, EventName = "layer-not-offered", Level = LogLevel.Warning,
        Message = "host {Host} has layer {Layer}, and does not offer it: {Reason}; another host is asked")]
    public static partial void LayerNotOffered(this ILogger log, HostName host, ChainId layer, string reason);

    [LoggerMessage(EventId = 3103, EventName = "layer-not-received", Level = LogLevel.Warning,
        Message = "layer {Layer}, which host {Host} has, did not come: {Reason}; the ordinary pull continues")]
    public static partial void LayerNotReceived(this ILogger log, ChainId layer, HostName host, string reason);

    [LoggerMessage(EventId = 3104, EventName = "layers-not-stopped", Level = LogLevel.Warning,
        Message = "layers on their way did not end in time; the next start undoes them")]
    public static partial void LayersNotStopped(this ILogger log);

    [LoggerMessage(EventId = 3105, EventName = "source-left", Level = LogLevel.Information,
        Message = "host {Host} is left as a source of content {Content} for now: {Reason}")]
    public static partial void SourceLeft(this ILogger log, HostName host, ContentDigest content, string reason);

    [LoggerMessage(EventId = 3106, EventName = "host-silent", Level = LogLevel.Information,
        Message = "host {Host} does not say whether it has a layer: {Reason}")]
    public static partial void HostSilent(this ILogger log, HostName host, string reason);

    [LoggerMessage(EventId = 3107, EventName = "host-late", Level = LogLevel.Information,
        Message = "host {Host} did not say in time whether it has layer {Layer}")]
    public static partial void HostLate(this ILogger log, HostName host, ChainId layer);

    [LoggerMessage(EventId = 3108, EventName = "host-not-asked", Level = LogLevel.Information,
        Message = "host {Host} cannot be asked for layer {Layer}: {Reason}")]
    public static partial void HostNotAsked(this ILogger log, HostName host, ChainId layer, string reason);

    /// <summary>For debugging: any program can connect, as often as it likes.</summary>
    [LoggerMessage(EventId = 3109, EventName = "layer-connection-ended", Level = LogLevel.Debug,
        Message = "a connection for layers ended: {Reason}")]
    public static partial void LayerConnectionEnded(this ILogger log, string reason);

    [LoggerMessage(EventId = 3110, EventName = "layer-cut-short", Level = LogLevel.Information,
        Message = "the sending of a layer was cut short: {Reason}")]
    public static partial void LayerCutShort(this ILogger log, string reason);

    [LoggerMessage(EventId = 3111, EventName = "layer-peer-refused", Level = LogLevel.Warning,
        Message = "a host that asked for layers was refused: {Reason}; next: {Next}")]
    public static partial void LayerPeerRefused(this ILogger log, string reason, string next);

    [LoggerMessage(EventId = 3112, EventName = "layer-view-left", Level = LogLevel.Warning,
        Message = "pool {Pool}: {Device}, by which a layer was read, stays until the pool is opened again: {Reason}")]
    public static partial void LayerViewStays(this ILogger log, PoolName pool, DeviceKey device, Refusal reason);

    [LoggerMessage(EventId = 3201, EventName = "content-map-not-kept", Level = LogLevel.Warning,
        Message = "pool {Pool}: the content map of {Device} is computed anew each time: {Reason}")]
    public static partial void ContentMapNotKept(this ILogger log, PoolName pool, DeviceKey device, KernelError reason);

    [LoggerMessage(EventId = 3202, EventName = "content-map-unreadable", Level = LogLevel.Warning,
        Message = "pool {Pool}: the content map of {Device} is computed anew: {Reason}")]
    public static partial void ContentMapUnreadable(this ILogger log, PoolName pool, DeviceKey device, string reason);
}
