using DmAgents.Domain.Devices;

namespace DmAgents.Agent.UseCases;

/// <summary>Keys of devices as people read and type them.</summary>
internal static class KeyText
{
    /// <summary>Layers and containers go by their own names; what lives in another space is shown with it.</summary>
    public static string Of(DeviceKey key) =>
        key.Space is DeviceKey.LayerSpace or DeviceKey.ContainerSpace ? key.Name : key.ToString();

    /// <summary>Reads what <see cref="Of"/> writes of containerd's keys; null where it is none of those.</summary>
    public static DeviceKey? ContainerdKey(string text) =>
        DeviceKey.TryParse(text, out var key) && key.ContainerdNamespace is not null ? key : null;
}
