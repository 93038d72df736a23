using System.Text;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Images.Sources;

namespace DmAgents.Images.Docker;

/// <summary>Reads the image database: configurations and references.</summary>
internal sealed class DockerImageReader(StoreFiles files)
{
    private const string Database = $"image/{DockerStoreReader.Driver}/imagedb";
    private const string ConfigDirectory = Database + "/content/sha256";
    private const string RepositoriesFile = $"image/{DockerStoreReader.Driver}/repositories.json";

    /// <summary>The prefix of the reference of an image without a name. Docker's own references have no such
    /// host.</summary>
    private const string Unnamed = "untagged/";

    /// <returns>The available images, and all images with a configuration, by id.</returns>
    public (List<DockerImage> Images, Dictionary<Digest, DockerImage> ById) Read(List<DockerLayer> layers)
    {
        var chains = layers.Select(layer => layer.Chain).ToHashSet();
        var names = ReadReferences();
        var parents = new HashSet<Digest>();
        var found = new List<DockerImage>();
        foreach (var name in files.Names(ConfigDirectory))
        {
            if (Digest.TryParse(files.Line($"{Database}/metadata/sha256/{name}/parent"), out var parent))
                parents.Add(parent);
            if (ReadImage(name, names, chains) is { } image)
                found.Add(image);
        }
        // The builder's intermediate images have no name, and are not images for users.
        var images = found.Where(image => image.References.Count > 0 || !parents.Contains(image.Id))
            .Select(image => image.References.Count > 0
                ? image
                : image with { References = [new ImageReference(Unnamed + image.Id.Hex[..12])] })
            .ToList();
        foreach (var image in images.Where(
            image => image.References[0].Value.StartsWith(Unnamed, StringComparison.Ordinal)))
        {
            files.Find(FindingGravity.Note, $"it is called {image.References[0]}", "it has no name in Docker",
                $"image {image.Id.Hex[..12]}");
        }
        foreach (var (id, references) in names.Where(named => found.All(image => image.Id != named.Key)))
        {
            files.Find(FindingGravity.Loss, "the image is left out",
                $"its configuration {id.Hex[..12]} is missing or damaged, or has no layers",
                string.Join(", ", references));
        }
        return (images, images.ToDictionary(image => image.Id));
    }

    private DockerImage? ReadImage(
        string name, Dictionary<Digest, List<ImageReference>> names, HashSet<ChainId> chains)
    {
        var (file, subject) = ($"{ConfigDirectory}/{name}", $"image {DockerHashes.Short(name)}");
        if (!Digest.TryParse($"sha256:{name}", out var id) || files.Bytes(file) is not { } bytes)
            return null;
        if (Digest.Of(bytes) != id)
        {
            files.Find(FindingGravity.Loss, "the image is left out",
                "its configuration is not the one that its id names: it is damaged", subject);
            return null;
        }
        ImageConfig config;
        try
        {
            config = ImageConfig.Parse(bytes, file);
        }
        catch (ImageException damaged)
        {
            files.Find(FindingGravity.Loss, "the image is left out", damaged.What, subject);
            return null;
        }
        var top = config.DiffIds.Aggregate((ChainId?)null, (below, diff) => ChainId.Of(below, diff));
        if (top is not { } chain)
            return null;
        if (!chains.Contains(chain))
        {
            files.Find(FindingGravity.Loss, "the image is left out",
                $"the layer database does not have its top layer {chain.Digest.Hex[..12]}", subject);
            return null;
        }
        return new DockerImage(id, Encoding.UTF8.GetString(bytes), chain, names.GetValueOrDefault(id, []));
    }

    /// <summary>References by image. Skips Docker's "name@sha256:..." entries, which no user chose.</summary>
    private Dictionary<Digest, List<ImageReference>> ReadReferences()
    {
        var references = new Dictionary<Digest, List<ImageReference>>();
        var pairs = files.Json(RepositoriesFile, document =>
            (IReadOnlyList<(string Name, string? Id)>)
            [
                .. (JsonReading.Object(document, "Repositories")?.EnumerateObject() ?? default)
                    .SelectMany(repository => repository.Value.EnumerateObject()
                        .Select(name => (name.Name, name.Value.GetString()))),
            ]) ?? [];
        foreach (var (name, id) in pairs.Where(pair => !pair.Name.Contains('@', StringComparison.Ordinal)))
        {
            if (!Digest.TryParse(id, out var digest) || !ImageReference.TryParse(name, out var reference))
            {
                files.Find(FindingGravity.Warning, "this name is left out",
                    $"it is not an image reference: {ImageReference.Rule}", name);
                continue;
            }
            if (!references.TryGetValue(digest, out var known))
                references[digest] = known = [];
            known.Add(reference);
        }
        return references;
    }
}
