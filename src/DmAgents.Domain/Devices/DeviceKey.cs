using System.Diagnostics.CodeAnalysis;

namespace DmAgents.Domain.Devices;

/// <summary>
/// The owner's name for a device: a name within a space. A key names one device at a time; removing a device frees its
/// key at once, although its blocks are freed later.
/// </summary>
/// <param name="Space">"base", "layer", "container", "import", "reception", "transfer", "stock"; a client with keys of
/// its own has its own space: "containerd.NAMESPACE".</param>
/// <param name="Name">Any text that the space allows.</param>
public readonly record struct DeviceKey(string Space, string Name)
{
    public const string BaseSpace = "base";
    public const string LayerSpace = "layer";
    public const string ContainerSpace = "container";
    public const string ImportSpace = "import";

    /// <summary>Layers that are being received from another host.</summary>
    public const string ReceptionSpace = "reception";

    /// <summary>Views for reading layers for another host.</summary>
    public const string TransferSpace = "transfer";

    /// <summary>Snapshots created in advance.</summary>
    public const string StockSpace = "stock";

    /// <summary>The prefix of the spaces of containerd's snapshots, before containerd's namespace.</summary>
    private const string ContainerdPrefix = "containerd.";

    /// <param name="chainId">"sha256:" and 64 hexadecimal digits.</param>
    public static DeviceKey Layer(string chainId) => new(LayerSpace, chainId);

    public static DeviceKey Container(string name) => new(ContainerSpace, name);

    /// <summary>A layer that is being filled. Keys left in this space after a crash are undone.</summary>
    public static DeviceKey Import(string name) => new(ImportSpace, name);

    /// <summary>A layer that is being received. Keys left in this space after a crash are resumed or undone.</summary>
    public static DeviceKey Reception(string name) => new(ReceptionSpace, name);

    /// <summary>A view for reading a layer for another host. Keys left in this space after a crash are
    /// removed.</summary>
    public static DeviceKey Transfer(string name) => new(TransferSpace, name);

    public static DeviceKey Stock(string name) => new(StockSpace, name);

    /// <summary>The key of a snapshot in stock, which has no owner.</summary>
    public bool IsStock => Space == StockSpace;

    public bool IsReception => Space == ReceptionSpace;

    /// <summary>An incomplete layer, which belongs to a request until it is complete.</summary>
    public bool IsUnfinished => Space is ImportSpace or ReceptionSpace;

    /// <param name="containerdNamespace">A namespace of containerd: it contains no '/'.</param>
    /// <param name="key">A snapshot's key or name, as containerd sends it.</param>
    public static DeviceKey Containerd(string containerdNamespace, string key) =>
        new(ContainerdPrefix + containerdNamespace, key);

    /// <summary>The key's containerd namespace; null if it is not containerd's.</summary>
    public string? ContainerdNamespace =>
        Space.StartsWith(ContainerdPrefix, StringComparison.Ordinal) ? Space[ContainerdPrefix.Length..] : null;

    /// <summary>Parses "space/name"; the name may contain further slashes.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out DeviceKey key)
    {
        key = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (text is null || slash <= 0 || slash == text.Length - 1)
            return false;
        key = new DeviceKey(text[..slash], text[(slash + 1)..]);
        return true;
    }

    public override string ToString() => $"{Space}/{Name}";
}
