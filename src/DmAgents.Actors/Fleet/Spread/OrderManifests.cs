using DmAgents.Actors.Serialization;


namespace DmAgents.Actors.Fleet.Spread;

/// <summary>The formats of orders to hosts.</summary>
internal static class OrderManifests
{
    public static IReadOnlyDictionary<string, Format> All { get; } = new Dictionary<string, Format>
    {
        ["order-copy-image.v1"] = Format.Of(() => OrdersJson.Default.CopyImage),
        ["order-release-image.v1"] = Format.Of(() => OrdersJson.Default.ReleaseImage),
        ["order-create-container.v1"] = Format.Of(() => OrdersJson.Default.CreateContainer),
        ["order-remove-container.v1"] = Format.Of(() => OrdersJson.Default.RemoveContainer),
        ["order-fence-container.v1"] = Format.Of(() => OrdersJson.Default.FenceContainer),
    };
}
