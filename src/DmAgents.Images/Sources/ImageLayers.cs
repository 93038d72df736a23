using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Images.Archives;
using DmAgents.Images.Layers;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Sources;

/// <summary>What all sources have in common for layers and names.</summary>
internal static class ImageLayers
{
    private const string LayerType = "application/vnd.oci.image.layer.v1.tar";

    /// <summary>An empty tar: its end marker. Docker also uses its digest for layers without content.</summary>
    private static readonly byte[] EmptyTar = new byte[2 * TarHeader.BlockSize];

    public readonly record struct Stored(string MediaType, Digest? Digest, long Size, string Member);

    /// <summary>
    /// Combines the manifest's stored layers with the config's diff ids. An image without layers, which has only a
    /// config, gets an empty one: its containers need a device to be snapshots of.
    /// </summary>
    /// <param name="stored">From the lowest.</param>
    /// <param name="config">The image's config.</param>
    /// <param name="origin">The archive's name in messages.</param>
    /// <param name="next">What helps if manifest and config contradict each other.</param>
    public static IReadOnlyList<LayerDescriptor> Join(
        IReadOnlyList<Stored> stored, ImageConfig config, string origin, string next)
    {
        if (stored.Count != config.DiffIds.Count)
            throw new ImageException(
                ImageReason.Corrupt,
                $"{origin} has {stored.Count} layers in its manifest and {config.DiffIds.Count} in its config", next);
        if (stored.Count == 0)
        {
            var nothing = Digest.Of(EmptyTar);
            return [new LayerDescriptor(LayerType, nothing, EmptyTar.Length, nothing, ChainId.Of(null, nothing))];
        }
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
        if (layer.Member.Length == 0)
            return OpenOwned(new MemoryStream(EmptyTar), layer, $"The empty layer of {archive.Origin}", progress);
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

    /// <summary>Leaves nothing open if the first bytes already show that this is not a layer.</summary>
    public static LayerStream OpenOwned(Stream stored, LayerDescriptor layer, string origin, IProgress<long>? progress)
    {
        try
        {
            return new LayerStream(stored, layer, origin, progress);
        }
        catch (IOException cause)
        {
            stored.Dispose();
            throw ArchiveReading.Unreadable(origin, cause);
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The images that a name or a digest selects: those that have exactly it; if none has, those with the same name
    /// after Docker's default registry and library are added.
    /// </summary>
    public static IReadOnlyList<T> Meant<T>(
        IReadOnlyList<T> images, Func<T, ImageManifestInfo> info, string reference)
    {
        List<T> exact = [.. images.Where(image => NamesOf(info(image)).Contains(reference)
            || info(image).Digest?.Value == reference)];
        return exact.Count == 0 && ImageReference.TryParse(reference, out var wanted)
            ? [.. images.Where(image => NamesOf(info(image)).Any(
                name => ImageReference.TryParse(name, out var found) && found.Whole == wanted.Whole))]
            : exact;
    }

    /// <summary>
    /// The images that a name selects. Several names of one manifest are one image; several manifests of one name are
    /// one image for several platforms. A refusal lists the choices.
    /// </summary>
    public static IReadOnlyList<T> Choose<T>(
        IReadOnlyList<T> images, Func<T, ImageManifestInfo> info, string? reference, string origin)
    {
        var choices = string.Join(", ", images.Select(image => info(image).ToString()).Distinct());
        if (reference is not null)
        {
            var found = Meant(images, info, reference);
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

    /// <summary>
    /// Selects, among several images of one name or without a name, the one for the platform or for the nearest
    /// compatible one.
    /// </summary>
    /// <param name="offers">The platform is null for a manifest that is not an image.</param>
    /// <param name="wanted">The wanted platform.</param>
    /// <param name="what">The owner of these images, for messages.</param>
    public static T Nearest<T>(
        IReadOnlyList<(T Image, Digest? Digest, Platform? Platform)> offers, Platform wanted, string what)
    {
        var nearest = offers.Where(offer => offer.Platform is not null)
            .Select(offer => (offer.Image, Distance: wanted.DistanceTo(offer.Platform!)))
            .Where(offer => offer.Distance is not null)
            .GroupBy(offer => offer.Distance!.Value).MinBy(group => group.Key)?.ToList() ?? [];
        var listed = string.Join(
            ", ", offers.Select(offer => $"{offer.Platform?.ToString() ?? "unknown"} ({offer.Digest})"));
        return nearest.Count switch
        {
            1 => nearest[0].Image,
            0 => throw new ImageException(
                ImageReason.NotFound, $"{what} has no image for {wanted}; it has: {listed}",
                "Choose one of these with --platform, or by its digest with --select"),
            _ => throw new ImageException(
                ImageReason.Ambiguous, $"{what} has several images for {wanted}: {listed}",
                "Choose one by its digest with --select"),
        };
    }

    private static IEnumerable<string> NamesOf(ImageManifestInfo image) =>
        image.Reference is { } reference ? image.Names.Append(reference) : image.Names;
}
