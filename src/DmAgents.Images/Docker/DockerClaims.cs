using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;

namespace DmAgents.Images.Docker;

/// <summary>
/// Compares a store's files with its pool, and claims every device on which both agree. Pure.
/// </summary>
/// <remarks>
/// Docker records a change, makes it, and then increments the pool's transaction id. So a record holds the id after the
/// change and the pool the id before it, which exposes a thin id that was used twice. If the pool does not have the
/// recorded id, that last change is undecided. Docker itself would delete its device at the next start, so the device
/// is not claimed.
/// </remarks>
public sealed class DockerClaims
{
    /// <summary>The directory of each device's tree; Docker keeps a file of its own beside it.</summary>
    private const string Root = "rootfs";

    private readonly DockerStore _store;
    private readonly MetadataContent _pool;
    private readonly DateTimeOffset _at;
    private readonly List<StoreFinding> _findings = [];
    private readonly List<DeviceRecord> _claims = [];
    private readonly Dictionary<string, DockerDevice> _sound;
    private readonly Dictionary<ChainId, ThinId> _layers = [];
    private ThinId? _base;

    private DockerClaims(DockerStore store, MetadataContent pool, DateTimeOffset at)
    {
        (_store, _pool, _at) = (store, pool, at);
        _findings.AddRange(store.Findings);
        var undecided = Undecided();
        _sound = store.Devices.Where(device => device != undecided && IsSound(device))
            .ToDictionary(device => device.Hash, StringComparer.Ordinal);
    }

    /// <param name="store">The content of Docker's files.</param>
    /// <param name="pool">The content of the pool's own metadata.</param>
    /// <param name="at">The time of the adoption, from which the agent counts the devices' age.</param>
    public static DockerClaimed Of(DockerStore store, MetadataContent pool, DateTimeOffset at) =>
        new DockerClaims(store, pool, at).Make();

    private DockerClaimed Make()
    {
        ClaimBase();
        ClaimLayers();
        var images = _store.Images.Where(HasTop).SelectMany(
            image => image.References.Select(reference => new AdoptedImage(
                reference, _layers[image.Top], image.Id.Value, image.Config))).ToImmutableArray();
        ClaimContainers();
        FindUnclaimed();
        return new DockerClaimed([.. _claims], images, [.. _findings]);
    }

    /// <returns>The device of the undecided change, if it has a record.</returns>
    private DockerDevice? Undecided()
    {
        if (_store.Transaction is not { } last || last.Open == _pool.TransactionId)
            return null;
        var behind = last.Open.Value < _pool.TransactionId.Value;
        var device = Name(last.Hash);
        if (behind)
        {
            Find(FindingGravity.Warning, "transaction", "Docker's files are older than its pool, by "
                + $"{_pool.TransactionId.Value - last.Open.Value} changes",
                "the power failed, or a backup was put back",
                "look at what is named below: what those changes made or deleted cannot be told otherwise");
            return null;
        }
        Find(FindingGravity.Warning, device, "it is not adopted",
            $"it was being made or deleted when Docker ended (transaction {last.Open}, the pool has "
                + $"{_pool.TransactionId}); Docker itself would delete it",
            $"its thin id {last.Device} is in quarantine, if the pool has it");
        return _store.Devices.FirstOrDefault(
            record => record.Id == last.Device
                || record.Hash == (last.Hash.Length == 0 ? DockerDevice.BaseHash : last.Hash));
    }

    private bool IsSound(DockerDevice device)
    {
        var thin = _pool.Thins.FirstOrDefault(thin => thin.Id == device.Id);
        if (device.Deleted)
        {
            Find(FindingGravity.Note, Name(device.Hash), "it is not adopted",
                "Docker had deleted it, but for its blocks",
                $"its thin id {device.Id} is in quarantine, if the pool has it");
        }
        else if (thin is null)
        {
            Find(FindingGravity.Loss, Name(device.Hash), "Docker has a record of it, and the pool no such device",
                $"thin id {device.Id} is not in the pool's metadata", "what lies on it is lost");
        }
        else if (device.Transaction.Value != thin.CreatedIn.Value + 1)
        {
            Find(FindingGravity.Loss, Name(device.Hash), "Docker's record and the pool's device are not the same one",
                $"thin id {device.Id} was made in transaction {thin.CreatedIn}, "
                    + $"the record says {device.Transaction.Value - 1}",
                $"thin id {device.Id} is in quarantine");
        }
        else
        {
            return true;
        }
        return false;
    }

    private void ClaimBase()
    {
        if (!_sound.TryGetValue(DockerDevice.BaseHash, out var device))
        {
            Find(FindingGravity.Warning, "base", "there is no base to adopt", "Docker has no sound record of it",
                "its layers are adopted without one");
            return;
        }
        _base = device.Id;
        // Not named like one of the agent's own bases, because Docker's base has lost+found.
        Claim(device, new DeviceKey(DeviceKey.BaseSpace, string.Create(CultureInfo.InvariantCulture,
                $"docker-{_store.FileSystem}-{device.Size.Bytes}").ToLowerInvariant()),
            DeviceKind.Base, parent: null, root: null);
    }

    /// <summary>Claims parents before their children.</summary>
    private void ClaimLayers()
    {
        var known = _store.Layers.ToDictionary(layer => layer.Chain);
        foreach (var layer in _store.Layers.OrderBy(layer => Depth(layer, known)))
        {
            if (!_sound.TryGetValue(layer.Device, out var device))
            {
                Missing($"layer {layer.Chain.Digest.Hex[..12]}", layer.Device);
                continue;
            }
            Claim(device, DeviceKey.Layer(layer.Chain.Value), DeviceKind.Layer, NearestOf(layer.Parent, known), Root,
                (DeviceLabels.DiffId, layer.DiffId.Value));
            _layers[layer.Chain] = device.Id;
        }
    }

    private static int Depth(DockerLayer layer, Dictionary<ChainId, DockerLayer> known)
    {
        var depth = 0;
        for (var at = layer; at.Parent is { } parent && known.TryGetValue(parent, out var below); at = below)
            depth++;
        return depth;
    }

    /// <summary>The layer's device; if it is not available, that of the nearest layer below it that is.</summary>
    private ThinId? NearestOf(ChainId? chain, Dictionary<ChainId, DockerLayer> known)
    {
        for (var at = chain; at is { } wanted; at = known.GetValueOrDefault(wanted)?.Parent)
        {
            if (_layers.TryGetValue(wanted, out var id))
                return id;
        }
        return _base;
    }

    private bool HasTop(DockerImage image)
    {
        if (_layers.ContainsKey(image.Top))
            return true;
        Find(FindingGravity.Loss, $"image {image.References[0]}", "it is not adopted",
            $"its top layer {image.Top.Digest.Hex[..12]} cannot be had", "import it again: dmagent image import");
        return false;
    }

    /// <summary>Makes each container a child of its image. The device between the two is claimed as well, and is not
    /// needed.</summary>
    private void ClaimContainers()
    {
        var known = _store.Layers.ToDictionary(layer => layer.Chain);
        var names = _store.Images.ToDictionary(image => image.Id, image => image.References[0]);
        foreach (var container in _store.Containers)
        {
            var parent = NearestOf(container.Parent, known);
            if (container.InitDevice is { } init && _sound.TryGetValue(init, out var between))
            {
                Claim(between, DeviceKey.Layer($"docker:{init}"), DeviceKind.Layer, parent, Root,
                    (DeviceLabels.DockerInit, container.Id));
            }
            if (!_sound.TryGetValue(container.Device, out var device))
            {
                Missing($"container {container.Name}", container.Device);
                continue;
            }
            (string, string)[] labels = container.Image is { } image && names.TryGetValue(image, out var reference)
                ? [(DeviceLabels.DockerId, container.Id), (DeviceLabels.Image, reference.Value)]
                : [(DeviceLabels.DockerId, container.Id)];
            Claim(device, DeviceKey.Container(container.Name.Value), DeviceKind.Container, parent, Root, labels);
        }
    }

    private void FindUnclaimed()
    {
        var claimed = _claims.Select(claim => claim.Id).ToHashSet();
        var recorded = _store.Devices.Select(device => device.Id).ToHashSet();
        foreach (var device in _sound.Values.Where(device => !claimed.Contains(device.Id)).OrderBy(device => device.Id))
        {
            Find(FindingGravity.Warning, Name(device.Hash), "it is not adopted",
                "no image, layer or container names it", $"its thin id {device.Id} is in quarantine");
        }
        foreach (var thin in _pool.Thins.Where(thin => !recorded.Contains(thin.Id)))
        {
            Find(FindingGravity.Warning, $"thin id {thin.Id}", "the pool has it, and Docker no record of it",
                "Docker lost it: the power failed, or a deletion was interrupted",
                "it is in quarantine: undelete or purge it");
        }
    }

    private void Claim(
        DockerDevice device, DeviceKey key, DeviceKind kind, ThinId? parent, string? root,
        params IEnumerable<(string Key, string Value)> labels)
    {
        _claims.Add(new DeviceRecord(
            device.Id, key, kind, DevicePhase.Ready, parent, Source: null, device.Size, _store.FileSystem,
            DeviceUse.Idle, ReadOnly: false,
            labels.ToImmutableSortedDictionary(label => label.Key, label => label.Value, StringComparer.Ordinal),
            _at, _at)
        {
            Root = root, CreatedIn = new TransactionId(device.Transaction.Value - 1),
        });
    }

    private void Missing(string what, string hash) => Find(
        FindingGravity.Loss, what, "it is not adopted", _store.Devices.Any(device => device.Hash == hash)
            ? $"its device {DockerHashes.Short(hash)} cannot be had"
            : $"Docker has no record of its device {DockerHashes.Short(hash)}", "");

    private static string Name(string hash) =>
        hash is "" or DockerDevice.BaseHash ? "base" : $"device {DockerHashes.Short(hash)}";

    private void Find(FindingGravity gravity, string subject, string what, string why, string next) =>
        _findings.Add(new StoreFinding(gravity, subject, what, why, next));
}
