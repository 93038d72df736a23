using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>What this host logs of the fleet's orders to it: 4301 to 4399. Ids and names never change.</summary>
internal static partial class SpreadLog
{
    [LoggerMessage(EventId = 4301, EventName = "fleet-copy-failed", Level = LogLevel.Warning,
        Message = "the fleet's copy {Copy} to this host failed: {Reason}; the fleet chooses again")]
    public static partial void FleetCopyFailed(this ILogger log, CopyId copy, string reason);

    [LoggerMessage(EventId = 4302, EventName = "order-fault", Level = LogLevel.Error,
        Message = "a fault of the agent ended an order of the fleet, which repeats it: {Order}")]
    public static partial void OrderFault(this ILogger log, Exception fault, HostOrder order);

    [LoggerMessage(EventId = 4303, EventName = "fleet-container-not-created", Level = LogLevel.Warning,
        Message = "the fleet's container {Container} is not created here: {Reason}; the fleet chooses again")]
    public static partial void ContainerNotCreated(this ILogger log, ContainerName container, Refusal reason);

    [LoggerMessage(EventId = 4304, EventName = "fleet-container-not-removed", Level = LogLevel.Warning,
        Message = "the fleet's container {Container} is not removed yet: {Reason}; the fleet repeats its order")]
    public static partial void ContainerNotRemoved(this ILogger log, ContainerName container, Refusal reason);

    [LoggerMessage(EventId = 4305, EventName = "fleet-container-removed", Level = LogLevel.Information,
        Message = "container {Container} of epoch {Epoch} was removed for the fleet")]
    public static partial void ContainerRemoved(this ILogger log, ContainerName container, ContainerEpoch epoch);

    [LoggerMessage(EventId = 4306, EventName = "fleet-container-without-epoch", Level = LogLevel.Warning,
        Message = "container {Container} was created, has no epoch, and cannot be removed: {Reason}; remove it")]
    public static partial void ContainerWithoutEpoch(this ILogger log, ContainerName container, Refusal reason);

    [LoggerMessage(EventId = 4307, EventName = "fleet-removal-not-heard", Level = LogLevel.Debug,
        Message = "the fleet did not hear that container {Container} was removed; the next announcement says it")]
    public static partial void RemovalNotHeard(this ILogger log, Exception reason, ContainerName container);

    [LoggerMessage(EventId = 4308, EventName = "fleet-copy-not-removed", Level = LogLevel.Warning,
        Message = "the copy of image {Image}, which the fleet does not need, stays: {Reason}; the order is repeated")]
    public static partial void CopyNotRemoved(this ILogger log, ImageReference image, Refusal reason);

    [LoggerMessage(EventId = 4309, EventName = "fleet-copy-removed", Level = LogLevel.Information,
        Message = "image {Image} was removed from pool {Pool}: the fleet has enough copies")]
    public static partial void CopyRemoved(this ILogger log, ImageReference image, PoolName pool);
}
