using DmAgents.Domain.Layers;
using DmAgents.Images.Archives;
using DmAgents.Images.Layers;

namespace DmAgents.Images.Sources;

/// <summary>What sources do alike with layers and names.</summary>
internal static class ImageLayers
{
    public readonly record struct Stored(string MediaType, Digest? Digest, long Size, string Member);

    /// <summary>Joins what the manifest says of the stored layers with the config's diff ids.</summary>
    public static IReadOnlyList<LayerDescriptor> Join(IReadOnlyList<Stored> stored, ImageConfig config, string origin)
    {
        if (stored.Count != config.DiffIds.Count)
            throw new ImageException(
                ImageReason.Corrupt,
                $"{origin} has {stored.Count} layers in its manifest and {config.DiffIds.Count} in its config",
                "Fetch or write the archive again");
        var layers = new List<LayerDescriptor>();
        ChainId? chain = null;
        foreach (var (layer, diffId) in stored.Zip(config.DiffIds))
        {
            chain = ChainId.Of(chain, diffId);
            var descriptor = new LayerDescriptor(layer.MediaType, layer.Digest, layer.Size, diffId, chain);
            layers.Add(descriptor with { Member = layer.Member });
        }
        return layers;
    }

    public static LayerStream Open(IArchive archive, LayerDescriptor layer, IProgress<long>? progress)
    {
        var stored = archive.Open(layer.Member, out var size);
        var origin = $"Layer '{layer.Member}' of {archive.Origin}";
        if (size == layer.Size)
            return OpenOwned(stored, layer, origin, progress);
        stored.Dispose();
        throw new ImageException(
            size < layer.Size ? ImageReason.Truncated : ImageReason.DigestMismatch,
            $"{origin} has {size} bytes, not the {layer.Size} that its manifest names",
            "Fetch or write the archive again");
    }

    /// <summary>Leaves nothing open if the first bytes already show that the layer is none.</summary>
    public static LayerStream OpenOwned(Stream stored, LayerDescriptor layer, string origin, IProgress<long>? progress)
    {
        try
        {
            return new LayerStream(stored, layer, origin, progress);
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    /// <summary>Whether a name or a digest is one of this image's.</summary>
    public static bool IsMeant(ImageManifestInfo image, string reference) =>
        image.Reference == reference || image.Names.Contains(reference) || image.Digest?.Value == reference;

    /// <summary>
    /// The images that a name means. Several names of one manifest are one image; several manifests of one name are one
    /// image for several platforms. The message of a refusal lists what there is.
    /// </summary>
    public static IReadOnlyList<T> Choose<T>(
        IReadOnlyList<T> images, Func<T, ImageManifestInfo> info, string? reference, string origin)
    {
        var choices = string.Join(", ", images.Select(image => info(image).ToString()).Distinct());
        if (reference is not null)
        {
            IReadOnlyList<T> found = [.. images.Where(image => IsMeant(info(image), reference))];
            return found.Count > 0
                ? found
                : throw new ImageException(
                    ImageReason.NotFound, $"{origin} has no image '{reference}'; it has: {choices}",
                    "Choose one of these with --select");
        }
        return images.Select(image => info(image).Reference).Distinct().Count() <= 1
            || images.Select(image => info(image).Digest).Distinct().Count() <= 1
            ? images
            : throw new ImageException(
                ImageReason.Ambiguous, $"{origin} has several images: {choices}", "Choose one of these with --select");
    }
}
