using DmAgents.Domain.Layers;
using DmAgents.Images.Layers;

namespace DmAgents.Images.Sources;

public enum ImageFormat
{
    OciLayout,
    DockerArchive,
    RootFileSystem,
}

/// <summary>
/// One choice that an archive offers. <paramref name="Reference"/> is null for an image without a name;
/// <paramref name="Platforms"/> is empty if only the image's config states the platform.
/// </summary>
public sealed record ImageManifestInfo(string? Reference, Digest? Digest, IReadOnlyList<Platform> Platforms)
{
    /// <summary>All its names in the archive; each can select it.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    public override string ToString() => Reference ?? Digest?.Value ?? "(no name)";
}

/// <summary>
/// An image ready for import, its layers from the lowest. <paramref name="Config"/> is null for a root file system,
/// which has none; <see cref="ImageConfig.OfRootFileSystem"/> creates one once the diff id is known.
/// </summary>
public sealed record ImageDescription(
    string? Reference, Digest? ManifestDigest, ImageConfig? Config, Platform Platform,
    IReadOnlyList<LayerDescriptor> Layers)
{
    /// <summary>All names of this image in the archive, including <see cref="Reference"/>.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>The other platforms for which the archive has this image.</summary>
    public IReadOnlyList<Platform> OtherPlatforms { get; init; } = [];
}

/// <summary>
/// An archive with images. All methods throw <see cref="ImageException"/> if something is wrong with the archive.
/// Layers of one source may be read concurrently.
/// </summary>
public interface IImageSource : IDisposable
{
    string Origin { get; }

    ImageFormat Format { get; }

    IReadOnlyList<ImageManifestInfo> Images { get; }

    /// <summary>
    /// Describes one image for a platform, by default the host's. The image is the one named, by reference or by any
    /// digest that a refusal lists, or the only one (otherwise Ambiguous, and the message lists them).
    /// </summary>
    ImageDescription Describe(string? reference = null, Platform? platform = null);

    /// <summary>
    /// Opens a layer of a described image; <paramref name="progress"/> receives the total of stored bytes read.
    /// </summary>
    LayerStream OpenLayer(LayerDescriptor layer, IProgress<long>? progress = null);
}
