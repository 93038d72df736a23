using DmAgents.Actors.Pools;
using DmAgents.Agent.Services;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using ImageConfig = DmAgents.Images.Sources.ImageConfig;

namespace DmAgents.Agent.Imports;

/// <summary>
/// Finds images by reference, id, or an unambiguous beginning of an id, and shows them. A reference may leave out what
/// Docker's clients leave out.
/// </summary>
internal sealed class ImageFinder(PoolBoard board, UsageReader usages)
{
    private const string Sha256 = "sha256:";

    public static ImageRecord Find(string what, PoolPicture pool, string name)
    {
        if (ImageReference.TryParse(name, out var reference))
        {
            if (pool.State.Images.TryGetValue(reference, out var exact))
                return exact;
            // Archives of docker save and podman save have whole names; operators type the short ones.
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

    public async Task<ImageDetails> Details(PoolName poolName, ImageReference reference)
    {
        const string What = "cannot show image";
        var pool = board.Find(poolName)
            ?? throw Refusals.NotFound(What, poolName.Value, "the pool is gone", "list them: dmagent pool list");
        return await Details(pool, Find(What, pool, reference.Value)).ConfigureAwait(false);
    }

    public async Task<ImageDetails> Details(PoolPicture pool, ImageRecord image)
    {
        var used = await usages.Read(pool, exclusive: true).ConfigureAwait(false);
        var blockSize = pool.State.Identity!.BlockSize;
        var config = ConfigOf(image);
        var details = new ImageDetails
        {
            Reference = image.Reference.Value,
            Id = image.ConfigDigest,
            Pool = pool.Name.Value,
            ImportedAt = Views.Time(image.TaggedAt),
            MappedBytes = used.MappedBytes(image.TopLayer, blockSize),
            Config = View(config),
        };
        if (config.Created is { } created)
            details.CreatedAt = Views.Time(created);
        details.References.Add(pool.State.Images.Values.Where(i => i.ConfigDigest == image.ConfigDigest)
            .Select(i => i.Reference.Value).Order(StringComparer.Ordinal));
        details.Layers.Add(LayersOf(pool.State, image, config, used, blockSize));
        details.Containers.Add(ContainersOf(pool.State, image).Select(d => d.Key.Name));
        return details;
    }

    public static IEnumerable<DeviceRecord> ContainersOf(PoolContents state, ImageRecord image) =>
        state.Devices.Values
            .Where(d => d.Kind == Domain.Devices.DeviceKind.Container && d.IsPresent && d.Parent == image.TopLayer)
            .OrderBy(d => d.Key.Name, StringComparer.Ordinal);

    public static ImageConfig ConfigOf(ImageRecord image) =>
        ImageConfig.Parse(System.Text.Encoding.UTF8.GetBytes(image.Config), $"the config of {image.Reference}");

    private static IEnumerable<ImageLayer> LayersOf(
        PoolContents state, ImageRecord image, ImageConfig config, Usages used, PoolBlockSize blockSize)
    {
        var lineage = state.LineageOf(state.Devices[image.TopLayer])
            .Where(d => d.Kind == Domain.Devices.DeviceKind.Layer).Reverse().ToList();
        var steps = config.History.Where(h => !h.EmptyLayer).ToList();
        for (var i = 0; i < lineage.Count; i++)
        {
            var device = lineage[i];
            var layer = new ImageLayer
            {
                ChainId = device.Key.Name,
                DiffId = i < config.DiffIds.Count ? config.DiffIds[i].Value : "",
                ThinId = device.Id.Value,
                SizeBytes = device.Size.Bytes,
                MappedBytes = used.MappedBytes(device.Id, blockSize),
                CreatedBy = i < steps.Count ? steps[i].CreatedBy : "",
            };
            if (used.ExclusiveBytes(device.Id, blockSize) is { } exclusive)
                layer.ExclusiveBytes = exclusive;
            yield return layer;
        }
    }

    private static Api.Admin.V1.ImageConfig View(ImageConfig config)
    {
        var view = new Api.Admin.V1.ImageConfig
        {
            Architecture = config.Platform.Architecture,
            Os = config.Platform.Os,
            User = config.User,
            WorkingDirectory = config.WorkingDirectory,
        };
        view.Entrypoint.Add(config.Entrypoint);
        view.Command.Add(config.Command);
        view.Environment.Add(config.Environment);
        return view;
    }
}
