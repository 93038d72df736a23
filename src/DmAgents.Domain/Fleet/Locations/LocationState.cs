using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>A copy under way.</summary>
/// <param name="Until">When the lease expires, unless it is renewed.</param>
public sealed record CopyLease(ChainId Layer, HostName Target, HostName Source, DateTimeOffset Until);

/// <summary>The truth about one bucket, by its journal. Immutable; only <see cref="Apply"/> changes it.</summary>
public sealed record LocationState
{
    public LayerTable Layers { get; private init; } = LayerTable.Empty;

    public ImmutableSortedDictionary<HostName, HostHearing> Hosts { get; private init; } =
        ImmutableSortedDictionary.Create<HostName, HostHearing>(HostNameOrder.Instance);

    /// <summary>Few: a host copies only some layers at a time.</summary>
    public ImmutableArray<CopyLease> Copies { get; private init; } = [];

    public static LocationState Empty { get; } = new();

    /// <summary>Restores a stored state.</summary>
    public static LocationState Restored(
        LayerTable layers, IEnumerable<KeyValuePair<HostName, HostHearing>> hosts, ImmutableArray<CopyLease> copies) =>
        new() { Layers = layers, Hosts = Empty.Hosts.AddRange(hosts), Copies = copies };

    public CopyLease? CopyTo(ChainId layer, HostName target) =>
        Copies.FirstOrDefault(copy => copy.Layer == layer && copy.Target == target);

    /// <summary>The hosts that can serve a delta to a copy with this content: those with an equal, verified digest,
    /// except <paramref name="other"/> itself.</summary>
    public IEnumerable<LayerCopy> EqualTo(ChainId layer, ContentDigest digest, HostName other) =>
        Layers.CopiesOf(layer).Where(copy => copy.Verified && copy.Digest == digest && copy.Host != other);

    /// <summary>The source no longer has the layer, or has other content: the target cannot complete its
    /// copy.</summary>
    private bool LosesSource(CopyLease copy, LocationEvents.HostHeard heard) => copy.Source == heard.Host
        && (heard.Absent.Contains(copy.Layer) || heard.Present.Any(p =>
            p.Layer == copy.Layer && p.Digest != Layers.CopyAt(copy.Layer, copy.Source)?.Digest));

    /// <exception cref="InvalidOperationException">An event of an unknown kind.</exception>
    public LocationState Apply(LocationEvent e) => e switch
    {
        LocationEvents.HostHeard heard => this with
        {
            Hosts = Hosts.SetItem(heard.Host, new HostHearing(heard.Stamp, Gone: false)),
            Layers = Layers.Without(heard.Host, heard.Absent).With(heard.Host, heard.Present, heard.At),
            // Announcing a layer ends its copy, even if the host never reports the end.
            Copies = Copies.RemoveAll(c => LosesSource(c, heard)
                || (c.Target == heard.Host && heard.Present.Any(p => p.Layer == c.Layer))),
        },
        LocationEvents.HostGone gone => this with
        {
            Hosts = Hosts.SetItem(
                gone.Host, HostHearing.AfterGone(Hosts.GetValueOrDefault(gone.Host), gone.Incarnation)!),
            Layers = Layers.Without(gone.Host, Layers.HeldBy(gone.Host)),
            Copies = Copies.RemoveAll(c => c.Target == gone.Host || c.Source == gone.Host),
        },
        LocationEvents.CopyBegun begun => this with
        {
            Copies = Copies.Add(new CopyLease(begun.Layer, begun.Target, begun.Source, begun.Until)),
        },
        LocationEvents.CopyRenewed renewed => this with
        {
            Copies = Copies.Replace(
                CopyTo(renewed.Layer, renewed.Target)!,
                CopyTo(renewed.Layer, renewed.Target)! with { Until = renewed.Until }),
        },
        LocationEvents.CopyEnded ended => this with
        {
            Copies = Copies.RemoveAll(c => c.Layer == ended.Layer && c.Target == ended.Target),
        },
        _ => throw new InvalidOperationException($"an event of no known kind: {e}"),
    };
}
