using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>A device as its owner expects it.</summary>
internal sealed record ExpectedDevice(
    DeviceKind Kind, DeviceKey? Parent, ByteSize Size, DeviceUse Use, ImmutableSortedDictionary<string, string> Files)
{
    /// <summary>An import made it; it is removed when no image needs it.</summary>
    public bool Imported { get; init; }

    /// <summary>It has no file system, because none was received yet.</summary>
    public bool IsBlank { get; init; }

    public override string ToString() =>
        $"{Kind} of {Parent?.ToString() ?? "base"}, {Size}, {Use}, "
        + $"files {string.Join(' ', Files.Select(f => f.Key + "=" + f.Value))}";
}

/// <summary>The owner's expectation of a pool: exactly what was acknowledged. Independent of thin ids, events and
/// kernels.</summary>
internal sealed record Expected(
    ImmutableSortedDictionary<string, ExpectedDevice> Devices, ImmutableSortedDictionary<string, DeviceKey> Images,
    int Disks)
{
    /// <summary>Views, with the layer that each shows.</summary>
    public ImmutableSortedDictionary<string, DeviceKey> Views { get; init; } =
        ImmutableSortedDictionary<string, DeviceKey>.Empty;

    public static Expected Nothing { get; } = new(
        ImmutableSortedDictionary<string, ExpectedDevice>.Empty, ImmutableSortedDictionary<string, DeviceKey>.Empty, 1);

    public ExpectedDevice? Find(DeviceKey key) => Devices.GetValueOrDefault(key.ToString());

    public Expected With(DeviceKey key, ExpectedDevice device) =>
        this with { Devices = Devices.SetItem(key.ToString(), device) };

    public Expected Without(DeviceKey key) => this with { Devices = Devices.Remove(key.ToString()) };

    /// <summary>Changes a key; devices above it stay above it.</summary>
    public Expected Renamed(DeviceKey from, DeviceKey to, ExpectedDevice device) => Without(from).With(to, device);

    /// <summary>A layer is live as long as it has a view.</summary>
    public Expected WithView(DeviceKey view, DeviceKey layer) => (this with
    {
        Views = Views.SetItem(view.ToString(), layer),
    }).With(layer, Find(layer)! with { Use = DeviceUse.Active });

    public Expected WithoutView(DeviceKey view)
    {
        var layer = Views[view.ToString()];
        var left = this with { Views = Views.Remove(view.ToString()) };
        return left.Views.ContainsValue(layer)
            ? left
            : left.With(layer, left.Find(layer)! with { Use = DeviceUse.Idle });
    }

    public bool IsNamedOrViewed(DeviceKey layer) => Images.ContainsValue(layer) || Views.ContainsValue(layer);

    /// <summary>Removes a layer and its ancestors, unless something needs them.</summary>
    public Expected WithoutUnneeded(DeviceKey top)
    {
        var left = this;
        for (DeviceKey? at = top; at is { } key; )
        {
            if (left.Find(key) is not { Kind: DeviceKind.Layer } layer
                || left.Devices.Values.Any(d => d.Parent == key) || left.IsNamedOrViewed(key))
                break;
            left = left.Without(key);
            at = layer.Parent;
        }
        return left;
    }

    /// <summary>Imports and receptions have no caller after a crash.</summary>
    public Expected AfterCrash()
    {
        var left = Devices.Keys.Where(k => Key(k).IsUnfinished)
            .Aggregate(this, (e, key) => e with { Devices = e.Devices.Remove(key) });
        return left.Devices.Where(d => d.Value.Imported).Select(d => Key(d.Key))
            .Aggregate(left, (e, key) => e.WithoutUnneeded(key));
    }

    public override string ToString() =>
        string.Concat(Devices.Select(d => $"  {d.Key}: {d.Value}\n"))
        + $"  images {string.Join(' ', Images)}, views {string.Join(' ', Views)}, {Disks} disks\n";

    private static DeviceKey Key(string text) => DeviceKey.TryParse(text, out var key) ? key : default;
}
