using DmAgents.Domain.Devices;

namespace DmAgents.Agent.UseCases;

/// <summary>Keys of devices as operators read and type them.</summary>
internal static class KeyText
{
    /// <summary>Layers and containers are shown by their own names; a key in another space is shown with its
    /// space.</summary>
    public static string Of(DeviceKey key) =>
        key.Space is DeviceKey.LayerSpace or DeviceKey.ContainerSpace ? key.Name : key.ToString();

    /// <summary>Parses what <see cref="Of"/> writes for containerd's keys; null if it is none of those.</summary>
    public static DeviceKey? ContainerdKey(string text) =>
        DeviceKey.TryParse(text, out var key) && key.ContainerdNamespace is not null ? key : null;
}
