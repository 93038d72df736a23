using System.Diagnostics.CodeAnalysis;

namespace DmAgents.Domain.Devices;

/// <summary>
/// What the owner of a device calls it: a name within a space. A key names one device at a time; a removed device
/// gives its key back at once, although its blocks go later.
/// </summary>
/// <param name="Space">"base", "layer", "container", "import", "reception", "transfer", "stock"; a client with keys of
/// its own has its own: "containerd.NAMESPACE".</param>
/// <param name="Name">Any text that the space allows.</param>
public readonly record struct DeviceKey(string Space, string Name)
{
    public const string BaseSpace = "base";
    public const string LayerSpace = "layer";
    public const string ContainerSpace = "container";
    public const string ImportSpace = "import";

    /// <summary>Layers that are being received from another host.</summary>
    public const string ReceptionSpace = "reception";

    /// <summary>Views by which layers are read for another host.</summary>
    public const string TransferSpace = "transfer";

    /// <summary>Snapshots made before anyone asked for them.</summary>
    public const string StockSpace = "stock";

    /// <summary>Begins the spaces of containerd's snapshots; its namespace follows.</summary>
    private const string ContainerdPrefix = "containerd.";

    /// <param name="chainId">"sha256:" and 64 hexadecimal digits.</param>
    public static DeviceKey Layer(string chainId) => new(LayerSpace, chainId);

    public static DeviceKey Container(string name) => new(ContainerSpace, name);

    /// <summary>A layer that is being filled. What is left in this space after a crash is undone.</summary>
    public static DeviceKey Import(string name) => new(ImportSpace, name);

    /// <summary>A layer that is being received. What is left in this space after a crash is resumed or undone.
    /// </summary>
    public static DeviceKey Reception(string name) => new(ReceptionSpace, name);

    /// <summary>A view by which a layer is read for another host. What is left in this space after a crash is
    /// removed.</summary>
    public static DeviceKey Transfer(string name) => new(TransferSpace, name);

    public static DeviceKey Stock(string name) => new(StockSpace, name);

    /// <summary>Of a snapshot that nobody has asked for yet.</summary>
    public bool IsStock => Space == StockSpace;

    public bool IsReception => Space == ReceptionSpace;

    /// <summary>A layer that is not whole yet, and belongs to a request until it is.</summary>
    public bool IsUnfinished => Space is ImportSpace or ReceptionSpace;

    /// <param name="containerdNamespace">One of containerd's: it holds no '/'.</param>
    /// <param name="key">A snapshot's key or name, as containerd sends it.</param>
    public static DeviceKey Containerd(string containerdNamespace, string key) =>
        new(ContainerdPrefix + containerdNamespace, key);

    /// <summary>The containerd namespace that the key belongs to; null where it is not containerd's.</summary>
    public string? ContainerdNamespace =>
        Space.StartsWith(ContainerdPrefix, StringComparison.Ordinal) ? Space[ContainerdPrefix.Length..] : null;

    /// <summary>Reads "space/name"; the name may hold further slashes.</summary>
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
