using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using ImageConfig = DmAgents.Images.Sources.ImageConfig;

namespace DmAgents.Agent.Imports;

/// <summary>A layer of an image in its pool.</summary>
/// <param name="DiffId">Null if the image's configuration does not contain it.</param>
/// <param name="Mapped">Its mapped space, shared blocks included.</param>
/// <param name="Exclusive">The part that no other device shares; null if unknown.</param>
/// <param name="CreatedBy">The step of the image's history that created it; empty if unknown.</param>
internal sealed record FoundLayer(
    DeviceRecord Device, Digest? DiffId, ByteSize Mapped, ByteSize? Exclusive, string CreatedBy);

/// <summary>An image in a pool.</summary>
/// <param name="Mapped">The mapped space of its topmost layer, shared blocks included.</param>
/// <param name="References">All references of the same image.</param>
/// <param name="Layers">The lowest first.</param>
/// <param name="Containers">Containers created from it.</param>
internal sealed record FoundImage(
    PoolName Pool, ImageRecord Image, ImageConfig Config, ByteSize Mapped, ImmutableArray<ImageReference> References,
    ImmutableArray<FoundLayer> Layers, ImmutableArray<DeviceKey> Containers);

/// <summary>Finds images by reference, id, or an unambiguous prefix of an id, and shows them. A reference may omit what
/// Docker's clients omit.</summary>
internal sealed class ImageFinder(PoolBoard board, UsageReader usages)
{
    private const string Sha256 = "sha256:";

    public static ImageRecord Find(string what, PoolPicture pool, string name)
    {
        if (ImageReference.TryParse(name, out var reference))
        {
            if (pool.State.Images.TryGetValue(reference, out var exact))
                return exact;
            // Archives of docker save and podman save have full names; operators type the short ones.
            if (pool.State.Images.Values.FirstOrDefault(i => i.Reference.Whole == reference.Whole) is { } same)
                return same;
        }
        var byId = name.Length == 0 ? [] : pool.State.Images.Values
            .Where(i => i.ConfigDigest.StartsWith(name, StringComparison.Ordinal)
                || i.ConfigDigest.StartsWith(Sha256 + name, StringComparison.Ordinal))
            .DistinctBy(i => i.ConfigDigest).ToList();
        return byId.Count switch
        {
            1 => byId[0],
            0 => throw Refusals.NotFound(what, name, $"pool {pool.Name} has no image of this name or id",
                "list them: dmagent image list"),
            _ => throw Refusals.Invalid(what, name, $"{byId.Count} images have an id that begins like this",
                "give more of the id, or a reference"),
        };
    }

    public async Task<FoundImage> Details(PoolName poolName, ImageReference reference)
    {
        const string What = "cannot show image";
        var pool = board.Find(poolName)
            ?? throw Refusals.NotFound(What, poolName.Value, "the pool is gone", "list them: dmagent pool list");
        return await Details(pool, Find(What, pool, reference.Value)).ConfigureAwait(false);
    }

    public async Task<FoundImage> Details(PoolPicture pool, ImageRecord image)
    {
        var used = await usages.Read(pool, exclusive: true).ConfigureAwait(false);
        var blockSize = pool.State.Identity!.BlockSize;
        var config = ConfigOf(image);
        return new FoundImage(
            pool.Name, image, config, new ByteSize(used.MappedBytes(image.TopLayer, blockSize)),
            [
                .. pool.State.Images.Values.Where(i => i.ConfigDigest == image.ConfigDigest).Select(i => i.Reference)
                    .OrderBy(reference => reference.Value, StringComparer.Ordinal),
            ],
            [.. LayersOf(pool.State, image, config, used, blockSize)],
            [.. ContainersOf(pool.State, image).Select(d => d.Key)]);
    }

    public static IEnumerable<DeviceRecord> ContainersOf(PoolContents state, ImageRecord image) =>
        state.Devices.Values
            .Where(d => d.Kind == DeviceKind.Container && d.IsPresent && d.Parent == image.TopLayer)
            .OrderBy(d => d.Key.Name, StringComparer.Ordinal);

    public static ImageConfig ConfigOf(ImageRecord image) =>
        ImageConfig.Parse(System.Text.Encoding.UTF8.GetBytes(image.Config), $"the config of {image.Reference}");

    private static IEnumerable<FoundLayer> LayersOf(
        PoolContents state, ImageRecord image, ImageConfig config, Usages used, PoolBlockSize blockSize)
    {
        var lineage = state.LineageOf(state.Devices[image.TopLayer])
            .Where(d => d.Kind == DeviceKind.Layer).Reverse().ToList();
        var steps = config.History.Where(h => !h.EmptyLayer).ToList();
        return lineage.Select((device, i) => new FoundLayer(
            device,
            i < config.DiffIds.Count ? config.DiffIds[i] : null,
            new ByteSize(used.MappedBytes(device.Id, blockSize)),
            used.ExclusiveBytes(device.Id, blockSize) is { } exclusive ? new ByteSize(exclusive) : null,
            i < steps.Count ? steps[i].CreatedBy : ""));
    }
}
