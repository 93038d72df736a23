using System.Text.Json.Serialization.Metadata;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>The formats of orders to hosts.</summary>
internal static class OrderManifests
{
    public static IReadOnlyDictionary<string, JsonTypeInfo> All { get; } = new Dictionary<string, JsonTypeInfo>
    {
        ["order-copy-image.v1"] = OrdersJson.Default.CopyImage,
        ["order-release-image.v1"] = OrdersJson.Default.ReleaseImage,
        ["order-create-container.v1"] = OrdersJson.Default.CreateContainer,
        ["order-remove-container.v1"] = OrdersJson.Default.RemoveContainer,
        ["order-fence-container.v1"] = OrdersJson.Default.FenceContainer,
    };
}
