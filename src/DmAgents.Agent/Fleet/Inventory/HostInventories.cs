using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Containerd;
using DmAgents.Agent.Services;
using DmAgents.Agent.Spread;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>Derives this host's inventory for its fleet from the pools' pictures.</summary>
internal sealed class HostInventories(
    PoolBoard board, LayerDigests digests, FleetStore store, FleetMadeImages made, DropQuestions questions,
    TimeProvider time)
{
    /// <summary>A pool that takes longer to open is announced as empty: its disks may be gone.</summary>
    private static readonly TimeSpan OpeningPatience = TimeSpan.FromMinutes(2);

    private readonly DateTimeOffset _started = time.GetUtcNow();

    /// <summary>Figures that change by less than this, in thousandths of the total, are not announced: each
    /// announcement is a row of the fleet's journal.</summary>
    private const int Coarse = 10;

    private HostCapacity? _announced;

    /// <summary>Null: a pool is opening, or has not been opened since the agent started, for example because its disks
    /// are late. Nothing is announced before its contents are known. The caller asks again in a moment.</summary>
    public HostInventory? Now()
    {
        var pictures = board.All.ToList();
        if (pictures.Any(IsAwaited))
            return null;
        var open = pictures.Where(pool => pool.Phase == PoolPhase.Open).ToList();
        var images = ImmutableDictionary.CreateBuilder<ImageReference, HeldImage>();
        var containers = ImmutableDictionary.CreateBuilder<ContainerName, ContainerEpoch>();
        foreach (var pool in open)
        {
            var parents = pool.State.Devices.Values.Where(device => device.IsPresent)
                .Select(device => device.Parent).OfType<ThinId>().ToHashSet();
            foreach (var image in pool.State.Images.Values)
            {
                if (ImageOf(pool, image, parents) is { } held && (!images.TryGetValue(image.Reference, out var other)
                    || (other.Holding.Kind == HoldingKind.Incomplete && held.Holding.Kind != HoldingKind.Incomplete)))
                    images[image.Reference] = held;
            }
            foreach (var device in pool.State.Devices.Values)
            {
                if (device is { Kind: DeviceKind.Container, Phase: DevicePhase.Ready, Key.Space: DeviceKey.ContainerSpace }
                    && ContainerName.TryParse(device.Key.Name, out var name) && !store.Epochs.IsExpected(name))
                {
                    // Of two devices with one name the fleet knows at most one: the one that has its epoch.
                    var epoch = store.Epochs.EpochOf(pool.Uuid, name, device);
                    if (!containers.TryGetValue(name, out var other) || other < epoch)
                        containers[name] = epoch;
                }
            }
        }
        return new HostInventory(
            CapacityOf(pictures), [.. open.SelectMany(LayersOf)], images.ToImmutable(), containers.ToImmutable())
        {
            Pools = [.. open.Select(pool => pool.Uuid)],
        };
    }

    /// <summary>Whether there is a layer to announce besides these.</summary>
    public bool HasLayerBeside(IReadOnlySet<ChainId> known) => board.All
        .Where(pool => pool.Phase == PoolPhase.Open).SelectMany(pool => pool.State.Devices.Values)
        .Any(device => ChainOf(device) is { } chain && !known.Contains(chain));

    /// <summary>The chain id under which the fleet knows the layer; null if the fleet does not know it.</summary>
    public static ChainId? ChainOf(DeviceRecord device)
    {
        if (device is not { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready })
            return null;
        var text = device.Key.Space == DeviceKey.LayerSpace ? device.Key.Name
            // For containerd a layer's tree is its whole file system.
            : device.Key.ContainerdNamespace is not null && device.Root is null
                ? device.Labels.GetValueOrDefault(SnapshotLabels.Reference)
                : null;
        return Digest.TryParse(text, out var digest) ? new ChainId(digest) : null;
    }

    private static IEnumerable<LayerHolding> LayersOf(PoolPicture pool) =>
        from device in pool.State.Devices.Values
        let chain = ChainOf(device)
        where chain is not null
        let content = pool.State.ContentOf(device.Id)
        select new LayerHolding(chain.Value, content, Verified: content is not null && IsReadable(pool));

    /// <summary>The contents of a pool that failed may be lost: they are no copy for which another may be
    /// dropped.</summary>
    private static bool IsReadable(PoolPicture pool) => pool.Health is { Condition: not PoolCondition.Failed };

    private bool IsAwaited(PoolPicture pool) => pool.Phase switch
    {
        PoolPhase.Opening => time.GetUtcNow() - pool.Since < OpeningPatience,
        PoolPhase.Unavailable => time.GetUtcNow() - _started < OpeningPatience,
        _ => false,
    };

    /// <summary>Whether the copy in this pool counts in the fleet: it is readable, and the content of each layer is
    /// known.</summary>
    public static bool IsWhole(PoolPicture pool, ImageRecord image) =>
        pool.Phase == PoolPhase.Open && pool.State.Devices.TryGetValue(image.TopLayer, out var top)
        && ChainsOf(pool, top) is { } layers && IsWhole(pool, layers);

    private static bool IsWhole(PoolPicture pool, List<(DeviceRecord Layer, ChainId Chain)> layers) =>
        IsReadable(pool) && layers.TrueForAll(layer => pool.State.ContentOf(layer.Layer.Id) is not null);

    /// <returns>From the lowest to the top; null if the fleet does not know one of them.</returns>
    private static List<(DeviceRecord Layer, ChainId Chain)>? ChainsOf(PoolPicture pool, DeviceRecord top)
    {
        var layers = new List<(DeviceRecord Layer, ChainId Chain)>();
        foreach (var layer in pool.State.LineageOf(top).Where(device => device.Kind == DeviceKind.Layer).Reverse())
        {
            if (ChainOf(layer) is not { } chain)
                return null;
            layers.Add((layer, chain));
        }
        return layers;
    }

    private HeldImage? ImageOf(PoolPicture pool, ImageRecord image, HashSet<ThinId> parents)
    {
        if (!pool.State.Devices.TryGetValue(image.TopLayer, out var top)
            || !Digest.TryParse(image.ConfigDigest, out var config) || ChainsOf(pool, top) is not { } layers)
            return null;
        var whole = IsWhole(pool, layers);
        var inUse = parents.Contains(top.Id) || pool.State.ImagesOf(top.Id).Skip(1).Any();
        var kept = !made.Made(pool.Name, image);
        var question = questions.Of(image.Reference);
        var kind = !whole ? HoldingKind.Incomplete : question?.Kind ?? HoldingKind.Whole;
        return new HeldImage(
            new ImageHolding(config, kind, inUse, kept), digests.LineageOf(pool, layers), whole ? question?.Id : null);
    }

    private HostCapacity CapacityOf(IEnumerable<PoolPicture> pools)
    {
        var now = new HostCapacity([.. pools.Select(CapacityOf)], AgentVersion.Text);
        if (_announced is { } before && before.IsAbout(now, Coarse))
            return before;
        return _announced = now;
    }

    private static PoolCapacity CapacityOf(PoolPicture pool)
    {
        if (pool.Health?.Status is not { } status || pool.Phase != PoolPhase.Open)
            return new PoolCapacity(pool.Name, default, default, Admits: false);
        return new PoolCapacity(
            pool.Name, new PoolSpace(status.Data.TotalBytes, status.Metadata.TotalBytes),
            new PoolSpace(status.Data.FreeBytes, status.Metadata.FreeBytes),
            pool.Health.Condition == PoolCondition.Writable);
    }
}
