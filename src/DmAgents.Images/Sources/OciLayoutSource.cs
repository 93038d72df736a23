using System.Text.Json;
using DmAgents.Domain.Layers;
using DmAgents.Images.Archives;
using DmAgents.Images.Layers;

namespace DmAgents.Images.Sources;

/// <summary>An OCI image layout (image-spec, image-layout.md) in a directory or a tar.</summary>
internal sealed class OciLayoutSource : IImageSource
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private const string IndexType = "application/vnd.oci.image.index.v1+json";
    private const string DockerManifestType = "application/vnd.docker.distribution.manifest.v2+json";
    private const string DockerIndexType = "application/vnd.docker.distribution.manifest.list.v2+json";
    private const string ConfigType = "application/vnd.oci.image.config.v1+json";
    private const string DockerConfigType = "application/vnd.docker.container.image.v1+json";

    // An index in an index occurs (docker save of a multi-platform image); more depth would be a loop or a trap.
    private const int MaxDepth = 4;

    private readonly IArchive archive;
    private readonly List<OciDescriptor> roots;

    public OciLayoutSource(IArchive archive)
    {
        this.archive = archive;
        roots = ReadIndex(archive.ReadDocument(LayoutNames.OciIndex), $"'{LayoutNames.OciIndex}' of {Origin}");
        if (roots.Count == 0)
            throw new ImageException(
                ImageReason.NotFound, $"{Origin} is an OCI layout without an image", "Add one to it");
        Images = [.. roots.Select(root => InfoOf(root))];
    }

    public string Origin => archive.Origin;

    public ImageFormat Format => ImageFormat.OciLayout;

    public IReadOnlyList<ImageManifestInfo> Images { get; }

    public ImageDescription Describe(string? reference = null, Platform? platform = null)
    {
        var named = ImageLayers.Choose(roots, InfoOf, reference, Origin);
        var manifests = named.SelectMany(root => Flatten(root, 0)).DistinctBy(found => found.Digest).ToList();
        var chosen = ForPlatform(manifests, platform);
        var what = $"Manifest {chosen.Digest} of {Origin}";
        var (configDescriptor, stored) = JsonReading.Parse(Read(chosen), what, ReadManifest);
        if (configDescriptor.MediaType is not (ConfigType or DockerConfigType))
            throw new ImageException(
                ImageReason.Unsupported,
                $"{what} is no container image: its config is a '{configDescriptor.MediaType}'",
                "Name an image of the layout that is one");
        var config = ImageConfig.Parse(Read(configDescriptor), $"Config {configDescriptor.Digest} of {Origin}");
        return new ImageDescription(
            named[0].Reference, chosen.Digest, config, config.Platform, ImageLayers.Join(stored, config, Origin));
    }

    public LayerStream OpenLayer(LayerDescriptor layer, IProgress<long>? progress = null) =>
        ImageLayers.Open(archive, layer, progress);

    public void Dispose() => archive.Dispose();

    private static List<OciDescriptor> ReadIndex(byte[] document, string what) => JsonReading.Parse(
        document, what, root => JsonReading.Items(root, "manifests").Select(OciDescriptor.Of)
            .Where(found => !found.IsAttestation).ToList());

    private static (OciDescriptor Config, List<ImageLayers.Stored> Layers) ReadManifest(JsonElement root)
    {
        if (JsonReading.RequiredNumber(root, "schemaVersion") != 2)
            throw new FormatException("only schema version 2 is an image that can be read");
        var config = JsonReading.Object(root, "config") ?? throw new FormatException("'config' is missing");
        return (OciDescriptor.Of(config), [.. JsonReading.Items(root, "layers").Select(OciDescriptor.Of)
            .Select(StoredLayer)]);
    }

    private static ImageLayers.Stored StoredLayer(OciDescriptor layer)
    {
        if (!layer.MediaType.Contains("tar", StringComparison.Ordinal)
            || layer.MediaType.EndsWith("+encrypted", StringComparison.Ordinal))
            throw new ImageException(
                ImageReason.Unsupported, $"Layer {layer.Digest} is a '{layer.MediaType}'",
                "Only layers that are tars (plain, gzip, zstd; not encrypted) can be imported");
        return new ImageLayers.Stored(layer.MediaType, layer.Digest, layer.Size, layer.Member);
    }

    private ImageManifestInfo InfoOf(OciDescriptor root) => new(
        root.Reference, root.Digest, root.Platform is { } platform ? [platform] : []);

    private IEnumerable<OciDescriptor> Flatten(OciDescriptor descriptor, int depth)
    {
        switch (descriptor.MediaType)
        {
            case ManifestType or DockerManifestType:
                return [descriptor];
            case IndexType or DockerIndexType when depth < MaxDepth:
                return ReadIndex(Read(descriptor), $"Index {descriptor.Digest} of {Origin}")
                    .SelectMany(inner => Flatten(inner, depth + 1));
            default:
                throw new ImageException(
                    ImageReason.Unsupported, $"{descriptor.Digest} of {Origin} is a '{descriptor.MediaType}'",
                    "Only image manifests, and indexes of them, can be imported");
        }
    }

    private OciDescriptor ForPlatform(List<OciDescriptor> manifests, Platform? platform)
    {
        var wanted = platform ?? Platform.Host;
        // A single image without a choice is taken as it is, unless a platform was asked for: layers are only bytes.
        if (manifests.Count == 1 && (platform is null || manifests[0].Platform is null))
            return manifests[0];
        var matching = manifests.Where(found => found.Platform is { } offered && wanted.Takes(offered)).ToList();
        if (matching.Count == 0 && manifests.Count(found => found.Platform is null) == 1)
            return manifests.Single(found => found.Platform is null);
        var offers = string.Join(
            ", ", manifests.Select(found => $"{found.Platform?.ToString() ?? "unknown"} ({found.Digest})"));
        return matching.Count switch
        {
            0 => throw new ImageException(
                ImageReason.NotFound, $"{Origin} has no image for {wanted}; it has: {offers}",
                "Name one of these platforms"),
            1 => matching[0],
            _ when matching.Exists(found => found.Platform == wanted) =>
                matching.Find(found => found.Platform == wanted)!,
            _ => throw new ImageException(
                ImageReason.Ambiguous, $"{Origin} has several images for {wanted}: {offers}",
                "Name one by its variant or digest"),
        };
    }

    /// <summary>A document, verified.</summary>
    private byte[] Read(OciDescriptor descriptor)
    {
        var content = archive.ReadDocument(descriptor.Member);
        var found = Digest.Of(content);
        return found == descriptor.Digest
            ? content
            : throw new ImageException(
                ImageReason.DigestMismatch, $"'{descriptor.Member}' of {Origin} has the digest {found}",
                "Fetch or write the archive again");
    }
}
