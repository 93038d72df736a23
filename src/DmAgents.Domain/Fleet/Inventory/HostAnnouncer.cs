using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>
/// The host's side of all announcements, in one incarnation. Pure. The host asks it for the due announcements, sends
/// them in any order, repeats each until it is answered, and passes the answers in.
/// </summary>
/// <param name="Traces">What the fleet may believe the host has. The host writes them to its disk before it sends <see
/// cref="Due"/>.</param>
public sealed record HostAnnouncer(Incarnation Incarnation, FleetTraces Traces)
{
    private WholeAnnouncer<HostCapacity> Ledger { get; init; } = new(Incarnation);

    private ImmutableSortedDictionary<int, BucketAnnouncer> Buckets { get; init; } =
        ImmutableSortedDictionary<int, BucketAnnouncer>.Empty;

    private ImmutableDictionary<ImageReference, WholeAnnouncer<SaidOfImage>> Images { get; init; } =
        ImmutableDictionary<ImageReference, WholeAnnouncer<SaidOfImage>>.Empty;

    private ImmutableDictionary<ContainerName, WholeAnnouncer<ContainerEpoch?>> Containers { get; init; } =
        ImmutableDictionary<ContainerName, WholeAnnouncer<ContainerEpoch?>>.Empty;

    /// <summary>Images that the host has and the fleet does not know with this configuration. Null: the fleet knows no
    /// image of this name. Otherwise the host gave the reference to this image instead of that configuration: if the
    /// fleet knows that one, the reference names another image from now on.</summary>
    public ImmutableDictionary<ImageReference, Digest?> Undefined { get; private init; } =
        ImmutableDictionary<ImageReference, Digest?>.Empty;

    /// <summary>An entity reports that this incarnation has ended: the host must begin another.</summary>
    public bool Ended { get; private init; }

    /// <summary>Updates the announcements to what the host has.</summary>
    public HostAnnouncer Offer(HostInventory now)
    {
        if (Ended)
            return this;
        var layers = now.Layers.GroupBy(layer => LayerBucket.Of(layer.Layer).Index)
            .ToDictionary(bucket => bucket.Key, bucket => (IReadOnlyCollection<LayerHolding>)[.. bucket]);
        var buckets = Buckets.ToBuilder();
        foreach (var index in layers.Keys.Union(Traces.Buckets).Union(Buckets.Keys))
        {
            var before = Buckets.GetValueOrDefault(index) ?? new BucketAnnouncer(Incarnation);
            buckets[index] = before.Offer(layers.GetValueOrDefault(index) ?? []);
        }
        var images = Images.ToBuilder();
        var undefined = Undefined;
        foreach (var image in now.Images.Keys
            .Union(Traces.Images.Select(text => new ImageReference(text))).Union(Images.Keys))
        {
            var before = Images.GetValueOrDefault(image) ?? new WholeAnnouncer<SaidOfImage>(Incarnation);
            var held = now.Images.GetValueOrDefault(image);
            if (held is null)
                undefined = undefined.Remove(image);
            else if (before.Content?.Holding is { } other && other.Config != held.Holding.Config)
                undefined = undefined.SetItem(image, undefined.GetValueOrDefault(image) ?? other.Config);
            images[image] = before.Offer(new SaidOfImage(held?.Holding, held?.Question));
        }
        var containers = Containers.ToBuilder();
        foreach (var container in now.Containers.Keys
            .Union(Traces.Containers.Select(text => new ContainerName(text))).Union(Containers.Keys))
        {
            var before = Containers.GetValueOrDefault(container) ?? new WholeAnnouncer<ContainerEpoch?>(Incarnation);
            containers[container] = before.Offer(
                now.Containers.TryGetValue(container, out var epoch) ? epoch : (ContainerEpoch?)null);
        }
        return this with
        {
            Ledger = Ledger.Offer(now.Capacity),
            Buckets = buckets.ToImmutable(),
            Images = images.ToImmutable(),
            Containers = containers.ToImmutable(),
            Undefined = undefined,
            Traces = new FleetTraces(
                Traces.Buckets.Union(layers.Keys),
                Traces.Images.Union(now.Images.Keys.Select(image => image.Value)),
                Traces.Containers.Union(now.Containers.Keys.Select(container => container.Value))),
        };
    }

    /// <summary>The announcements to send, or to send again. The ledger's comes first, and must be answered before the
    /// others are sent: so its incarnation is the highest that any entity knows of the host.</summary>
    public IEnumerable<HostAnnouncement> Due
    {
        get
        {
            if (Ended)
                yield break;
            if (Ledger is { IsUnderWay: true, Content: { } capacity })
            {
                yield return new HostAnnouncement.ToLedger(Ledger.Stamp, capacity);
                yield break;
            }
            foreach (var (index, bucket) in Buckets)
            {
                if (bucket.UnderWay is { } announcement)
                    yield return new HostAnnouncement.ToBucket(new LayerBucket(index), announcement);
            }
            foreach (var (image, said) in Images.Where(image => image.Value.IsUnderWay))
                yield return new HostAnnouncement.ToImage(image, said.Stamp, said.Content!);
            foreach (var (container, said) in Containers.Where(container => container.Value.IsUnderWay))
                yield return new HostAnnouncement.ToContainer(container, said.Stamp, said.Content);
        }
    }

    /// <summary>Repeats everything, with the same stamps.</summary>
    public HostAnnouncer Repeat() => this with
    {
        Ledger = Ledger.Repeat(),
        Buckets = Buckets.ToImmutableSortedDictionary(bucket => bucket.Key, bucket => bucket.Value.Repeat()),
        Images = Images.ToImmutableDictionary(image => image.Key, image => image.Value.Repeat()),
        Containers = Containers.ToImmutableDictionary(
            container => container.Key, container => container.Value.Repeat()),
    };

    public HostAnnouncer Answered(HostReply reply) => reply switch
    {
        HostReplies.Heard heard => this with { Ledger = Ledger.Heard(heard.Stamp) },
        HostReplies.Ended ended => End(ended.Stamp),
        _ => this,
    };

    public HostAnnouncer Answered(LayerBucket bucket, LocationReply reply)
    {
        if (reply is LocationReplies.Ended ended)
            return End(ended.Stamp);
        if (Buckets.GetValueOrDefault(bucket.Index) is not { } before)
            return this;
        var after = before.Answered(reply);
        return this with
        {
            Buckets = Buckets.SetItem(bucket.Index, after),
            Traces = after.IsKnownToBeEmpty
                ? Traces with { Buckets = Traces.Buckets.Remove(bucket.Index) } : Traces,
        };
    }

    public HostAnnouncer Answered(ImageReference image, ImageReply reply)
    {
        switch (reply)
        {
            case ImageReplies.Ended ended:
                return End(ended.Stamp);
            case ImageReplies.Heard heard when Images.GetValueOrDefault(image) is { } before:
                var known = Heard(image, before, heard.Stamp);
                return heard.Known || before.Content?.Holding is null || before.Stamp != heard.Stamp
                    ? known
                    : known with { Undefined = Undefined.SetItem(image, null) };
            case ImageReplies.MayDrop may when Images.GetValueOrDefault(image) is { } asked:
                return Heard(image, asked, may.Stamp);
            case ImageReplies.MustKeep must when Images.GetValueOrDefault(image) is { } asked:
                return Heard(image, asked, must.Stamp);
            default:
                return this;
        }
    }

    /// <summary>The fleet knows the image by its reference, or has another image of this name.</summary>
    public HostAnnouncer Defined(ImageReference image) => this with { Undefined = Undefined.Remove(image) };

    public HostAnnouncer Answered(ContainerName container, ContainerReply reply)
    {
        if (reply is ContainerReplies.Ended ended)
            return End(ended.Stamp);
        if (StampOf(reply) is not { } stamp || Containers.GetValueOrDefault(container) is not { } before)
            return this;
        var after = before.Heard(stamp);
        return this with
        {
            Containers = Containers.SetItem(container, after),
            Traces = after is { IsUnderWay: false, Content: null }
                ? Traces with { Containers = Traces.Containers.Remove(container.Value) } : Traces,
        };
    }

    private static Stamp? StampOf(ContainerReply reply) => reply switch
    {
        ContainerReplies.Heard heard => heard.Stamp,
        ContainerReplies.Owns owns => owns.Stamp,
        ContainerReplies.Fenced fenced => fenced.Stamp,
        ContainerReplies.NameTaken taken => taken.Stamp,
        _ => null,
    };

    private HostAnnouncer Heard(ImageReference image, WholeAnnouncer<SaidOfImage> before, Stamp stamp)
    {
        var after = before.Heard(stamp);
        return this with
        {
            Images = Images.SetItem(image, after),
            Traces = after is { IsUnderWay: false, Content.Holding: null }
                ? Traces with { Images = Traces.Images.Remove(image.Value) } : Traces,
        };
    }

    private HostAnnouncer End(Stamp stamp) => stamp.Incarnation == Incarnation ? this with { Ended = true } : this;
}
