using System.Collections.Immutable;
using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>
/// The hosts of each layer of a bucket. Immutable. A layer with three copies takes 289 bytes, measured with 100,000
/// layers: 0.27 GiB for a million layers, over all hosts of the fleet together.
/// </summary>
public sealed class LayerTable
{
    private readonly ImmutableSortedDictionary<LayerKey, ImmutableArray<LayerCopy>> _layers;

    private LayerTable(ImmutableSortedDictionary<LayerKey, ImmutableArray<LayerCopy>> layers) => _layers = layers;

    public static LayerTable Empty { get; } =
        new(ImmutableSortedDictionary<LayerKey, ImmutableArray<LayerCopy>>.Empty);

    /// <summary>Restores a table from the content of <see cref="All"/>.</summary>
    public static LayerTable Of(IEnumerable<(ChainId Layer, ImmutableArray<LayerCopy> Copies)> layers) =>
        new(layers.ToImmutableSortedDictionary(entry => new LayerKey(entry.Layer), entry => entry.Copies));

    public int Count => _layers.Count;

    /// <summary>All layers in the order of their digests, with their copies in the order of their hosts.</summary>
    public IEnumerable<(ChainId Layer, ImmutableArray<LayerCopy> Copies)> All =>
        _layers.Select(entry => (entry.Key.Layer, entry.Value));

    public ImmutableArray<LayerCopy> CopiesOf(ChainId layer) =>
        _layers.TryGetValue(new LayerKey(layer), out var copies) ? copies : [];

    public LayerCopy? CopyAt(ChainId layer, HostName host)
    {
        foreach (var copy in CopiesOf(layer))
        {
            if (copy.Host == host)
                return copy;
        }
        return null;
    }

    public IEnumerable<ChainId> HeldBy(HostName host) =>
        _layers.Where(entry => IndexOf(entry.Value, host) >= 0).Select(entry => entry.Key.Layer);

    /// <summary>Replaces a host's copies of these layers.</summary>
    public LayerTable With(HostName host, ImmutableArray<LayerHolding> present, DateTimeOffset at)
    {
        var layers = _layers.ToBuilder();
        foreach (var holding in present)
        {
            var key = new LayerKey(holding.Layer);
            var copies = layers.TryGetValue(key, out var before) ? before : [];
            var index = IndexOf(copies, host);
            // If only the verification changes, the content keeps its age.
            var since = index >= 0 && copies[index].Digest == holding.Digest ? copies[index].Since : at;
            var copy = new LayerCopy(host, holding.Digest, holding.Verified, since);
            layers[key] = index >= 0 ? copies.SetItem(index, copy) : copies.Insert(PlaceOf(copies, host), copy);
        }
        return new LayerTable(layers.ToImmutable());
    }

    public LayerTable Without(HostName host, IEnumerable<ChainId> absent)
    {
        var layers = _layers.ToBuilder();
        foreach (var layer in absent)
        {
            var key = new LayerKey(layer);
            if (!layers.TryGetValue(key, out var copies) || IndexOf(copies, host) is not (>= 0 and var index))
                continue;
            if (copies.Length == 1)
                layers.Remove(key);
            else
                layers[key] = copies.RemoveAt(index);
        }
        return new LayerTable(layers.ToImmutable());
    }

    private static int IndexOf(ImmutableArray<LayerCopy> copies, HostName host)
    {
        for (var i = 0; i < copies.Length; i++)
        {
            if (copies[i].Host == host)
                return i;
        }
        return -1;
    }

    private static int PlaceOf(ImmutableArray<LayerCopy> copies, HostName host)
    {
        var place = 0;
        while (place < copies.Length && HostNameOrder.Instance.Compare(copies[place].Host, host) < 0)
            place++;
        return place;
    }
}
