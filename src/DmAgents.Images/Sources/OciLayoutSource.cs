using System.Text.Json;
using DmAgents.Domain.Layers;
using DmAgents.Images.Archives;
using DmAgents.Images.Layers;

namespace DmAgents.Images.Sources;

/// <summary>An OCI image layout (image-spec, image-layout.md) in a directory or a tar.</summary>
internal sealed class OciLayoutSource : IImageSource
{
    private const string ConfigType = "application/vnd.oci.image.config.v1+json";
    private const string DockerConfigType = "application/vnd.docker.container.image.v1+json";

    private readonly IArchive archive;
    private readonly OciIndex index;

    public OciLayoutSource(IArchive archive)
    {
        this.archive = archive;
        index = new OciIndex(archive);
        Images = [.. index.Roots.Select(InfoOf)];
    }

    public string Origin => archive.Origin;

    public ImageFormat Format => ImageFormat.OciLayout;

    public IReadOnlyList<ImageManifestInfo> Images { get; }

    public ImageDescription Describe(string? reference = null, Platform? platform = null)
    {
        var (named, manifests) = Named(reference);
        var (chosen, others) = ForPlatform(
            manifests, platform, reference is null ? Origin : $"'{reference}' of {Origin}");
        var what = $"Manifest {chosen.Digest} of {Origin}";
        var (configDescriptor, stored) = ManifestOf(chosen);
        if (configDescriptor.MediaType is not (ConfigType or DockerConfigType or ""))
            throw new ImageException(
                ImageReason.Unsupported,
                $"{what} is no container image: its config is a '{configDescriptor.MediaType}'",
                manifests.Count > 1 || index.Roots.Count > 1
                    ? "Choose a container image of the layout with --select"
                    : "Import a container image; artifacts of other kinds have no file system");
        var config = ConfigOf(configDescriptor);
        return new ImageDescription(
            named[0].Reference, chosen.Digest, config, config.Platform, ImageLayers.Join(
                stored, config, Origin, "Build the image again: its config names other layers than its manifest"))
        {
            References = [.. named.Select(root => root.Reference).OfType<string>().Distinct()],
            OtherPlatforms = others,
        };
    }

    public LayerStream OpenLayer(LayerDescriptor layer, IProgress<long>? progress = null) =>
        ImageLayers.Open(archive, layer, progress);

    public void Dispose() => archive.Dispose();

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
                "Import an image whose layers are tars that are not encrypted");
        return new ImageLayers.Stored(layer.MediaType, layer.Digest, layer.Size, layer.Member);
    }

    private static ImageManifestInfo InfoOf(OciDescriptor root) => new(
        root.Reference, root.Digest, root.Platform is { } platform ? [platform] : []) { Names = root.Names };

    /// <summary>The entries of the layout's index that a name or a digest selects, and the manifests below
    /// them.</summary>
    private (IReadOnlyList<OciDescriptor> Roots, IReadOnlyList<OciDescriptor> Manifests) Named(string? reference)
    {
        if (reference is null || ImageLayers.Meant(index.Roots, InfoOf, reference).Count > 0)
        {
            var roots = ImageLayers.Choose(index.Roots, InfoOf, reference, Origin);
            return (roots, index.ManifestsOf(roots));
        }
        // A manifest of an inner index, which messages about platforms list by its digest.
        var found = index.Roots.Select(root => (Root: root, Inner: index.Below(root, reference)))
            .Where(found => found.Inner is not null).ToList();
        return found.Count > 0
            ? ([.. found.Select(f => f.Root)], [found[0].Inner!])
            : (ImageLayers.Choose(index.Roots, InfoOf, reference, Origin), []);
    }

    private (OciDescriptor Chosen, IReadOnlyList<Platform> Others) ForPlatform(
        IReadOnlyList<OciDescriptor> manifests, Platform? platform, string what)
    {
        // A single image is used for any platform, unless one was requested: layers are only bytes.
        if (manifests.Count == 1 && platform is null)
            return (manifests[0], []);
        var offers = manifests.Select(found => (Image: found, Digest: (Digest?)found.Digest,
            Platform: found.Platform ?? StatedPlatform(found))).ToList();
        var chosen = ImageLayers.Nearest(offers, platform ?? Platform.Host, what);
        return (chosen, [.. offers.Where(offer => offer.Image != chosen).Select(offer => offer.Platform)
            .OfType<Platform>().Distinct()]);
    }

    /// <summary>The platform of a manifest whose descriptor does not state it; null if the manifest is not an
    /// image.</summary>
    private Platform? StatedPlatform(OciDescriptor manifest)
    {
        var (config, _) = JsonReading.Parse(
            index.Read(manifest), $"Manifest {manifest.Digest} of {Origin}", root =>
                (JsonReading.Object(root, "config") is { } found ? OciDescriptor.Of(found) : null, true),
            verified: true);
        return config?.MediaType is ConfigType or DockerConfigType or "" ? ConfigOf(config).Platform : null;
    }

    private (OciDescriptor Config, List<ImageLayers.Stored> Layers) ManifestOf(OciDescriptor manifest) =>
        JsonReading.Parse(
            index.Read(manifest), $"Manifest {manifest.Digest} of {Origin}", ReadManifest, verified: true);

    private ImageConfig ConfigOf(OciDescriptor config) =>
        ImageConfig.Parse(index.Read(config), $"Config {config.Digest} of {Origin}", verified: true);
}
