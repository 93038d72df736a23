using System.Text.Json.Serialization;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Fleet.Orders;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>How orders to hosts are written as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(HostNameConverter), typeof(IncarnationConverter), typeof(PoolNameConverter),
        typeof(ImageReferenceConverter), typeof(ContainerNameConverter), typeof(ContainerEpochConverter),
    ])]
[JsonSerializable(typeof(HostOrders.CopyImage))]
[JsonSerializable(typeof(HostOrders.ReleaseImage))]
[JsonSerializable(typeof(HostOrders.CreateContainer))]
[JsonSerializable(typeof(HostOrders.RemoveContainer))]
[JsonSerializable(typeof(HostOrders.FenceContainer))]
internal sealed partial class OrdersJson : JsonSerializerContext;
