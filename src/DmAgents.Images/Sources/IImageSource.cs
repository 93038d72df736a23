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
/// <paramref name="Platforms"/> is empty where only the image's config tells.
/// </summary>
public sealed record ImageManifestInfo(string? Reference, Digest? Digest, IReadOnlyList<Platform> Platforms)
{
    /// <summary>Everything that the archive calls it; each can be asked for.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    public override string ToString() => Reference ?? Digest?.Value ?? "(no name)";
}

/// <summary>
/// An image, ready to be imported: its layers from the lowest. <paramref name="Config"/> is null for a root file
/// system, which has none; <see cref="ImageConfig.OfRootFileSystem"/> makes one once the diff id is known.
/// </summary>
public sealed record ImageDescription(
    string? Reference, Digest? ManifestDigest, ImageConfig? Config, Platform Platform,
    IReadOnlyList<LayerDescriptor> Layers)
{
    /// <summary>All names under which the archive has this image, <see cref="Reference"/> among them.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>For which platforms the same image could be had besides.</summary>
    public IReadOnlyList<Platform> OtherPlatforms { get; init; } = [];
}

/// <summary>
/// An archive with images in it. All methods throw <see cref="ImageException"/> for what is wrong with the archive.
/// Layers of one source may be read at the same time.
/// </summary>
public interface IImageSource : IDisposable
{
    string Origin { get; }

    ImageFormat Format { get; }

    IReadOnlyList<ImageManifestInfo> Images { get; }

    /// <summary>
    /// Describes one image: the one named, by reference or by any digest that a refusal lists, or the only one (else
    /// Ambiguous, and the message lists them), for the platform, which is the host's unless another is wanted.
    /// </summary>
    ImageDescription Describe(string? reference = null, Platform? platform = null);

    /// <summary>
    /// Opens a layer of a described image; <paramref name="progress"/> hears of stored bytes read, in sum.
    /// </summary>
    LayerStream OpenLayer(LayerDescriptor layer, IProgress<long>? progress = null);
}
