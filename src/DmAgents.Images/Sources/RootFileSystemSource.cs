using DmAgents.Images.Layers;

namespace DmAgents.Images.Sources;

/// <summary>
/// A tar, plain or compressed, of a root file system: an image with one layer and no config.
/// </summary>
internal sealed class RootFileSystemSource(
    string origin, Func<Stream> open, long size, IDisposable? held = null) : IImageSource
{
    private const string LayerType = "application/vnd.oci.image.layer.v1.tar";

    public string Origin => origin;

    public ImageFormat Format => ImageFormat.RootFileSystem;

    public IReadOnlyList<ImageManifestInfo> Images => [new ImageManifestInfo(null, null, [])];

    public ImageDescription Describe(string? reference = null, Platform? platform = null)
    {
        if (reference is not null)
            throw new ImageException(
                ImageReason.NotFound, $"{origin} is a root file system, which has no image '{reference}' in it",
                "Leave --select out");
        var layer = new LayerDescriptor(LayerType, null, size, null, null);
        return new ImageDescription(null, null, null, platform ?? Platform.Host, [layer]);
    }

    public LayerStream OpenLayer(LayerDescriptor layer, IProgress<long>? progress = null) =>
        ImageLayers.OpenOwned(open(), layer, origin, progress);

    public void Dispose() => held?.Dispose();
}
