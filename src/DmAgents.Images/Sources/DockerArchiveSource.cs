using System.Text.Json;
using DmAgents.Domain.Layers;
using DmAgents.Images.Archives;
using DmAgents.Images.Layers;

namespace DmAgents.Images.Sources;

/// <summary>
/// The format of <c>docker save</c>, podman and others: manifest.json names the config and the layers by their path in
/// the archive. The layers have no digest of their own; the config's diff ids verify them.
/// </summary>
internal sealed class DockerArchiveSource : IImageSource
{
    private const string LayerType = "application/vnd.docker.image.rootfs.diff.tar";
    private const string Blobs = "blobs/";
    private const string Untagged = "<none>:<none>";

    private readonly IArchive archive;
    private readonly IReadOnlyList<Choice> choices;

    public DockerArchiveSource(IArchive archive)
    {
        this.archive = archive;
        var what = $"'{LayoutNames.DockerManifest}' of {Origin}";
        var items = JsonReading.Parse(archive.ReadDocument(LayoutNames.DockerManifest), what, ReadManifest);
        choices = [.. items.SelectMany(Named)];
    }

    public string Origin => archive.Origin;

    public ImageFormat Format => ImageFormat.DockerArchive;

    public IReadOnlyList<ImageManifestInfo> Images => [.. choices.Select(choice => choice.Info)];

    public ImageDescription Describe(string? reference = null, Platform? platform = null)
    {
        var named = ImageLayers.Choose(choices, choice => choice.Info, reference, Origin);
        var images = named.DistinctBy(choice => choice.Info.Digest).ToList();
        var (item, info, config) = Chosen(
            images, platform, reference is null ? Origin : $"'{reference}' of {Origin}");
        return new ImageDescription(
            info.Reference, null, config, config.Platform,
            ImageLayers.Join([.. item.Layers.Select(StoredLayer)], config, Origin, "Save the image again"))
        {
            References = [.. named.Where(choice => choice.Info.Digest == info.Digest)
                .Select(choice => choice.Info.Reference).OfType<string>()],
            OtherPlatforms = [.. images.Where(image => image.Info.Digest != info.Digest)
                .Select(image => image.Config.Platform).Distinct()],
        };
    }

    public LayerStream OpenLayer(LayerDescriptor layer, IProgress<long>? progress = null) =>
        ImageLayers.Open(archive, layer, progress);

    public void Dispose() => archive.Dispose();

    /// <summary>Several images of one name are one image for several platforms. Without a name, this is
    /// unknown.</summary>
    private static Choice Chosen(IReadOnlyList<Choice> images, Platform? platform, string what)
    {
        if (images.Count == 1 && platform is null)
            return images[0];
        if (platform is null && images[0].Info.Reference is null)
            throw new ImageException(
                ImageReason.Ambiguous,
                $"{what} has {images.Count} images without a name: "
                + string.Join(", ", images.Select(choice => $"{choice.Info.Digest} ({choice.Config.Platform})")),
                "Choose one by its digest with --select");
        return ImageLayers.Nearest(
            [.. images.Select(image => (image, image.Info.Digest, (Platform?)image.Config.Platform))],
            platform ?? Platform.Host, what);
    }

    private static List<Item> ReadManifest(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Array)
            throw new FormatException("an array of images is expected");
        return [.. root.EnumerateArray().Select(item => new Item(
            JsonReading.RequiredText(item, "Config"),
            JsonReading.Texts(item, "RepoTags"),
            JsonReading.Texts(item, "Layers")))];
    }

    private IEnumerable<Choice> Named(Item item)
    {
        var config = ReadConfig(item);
        IEnumerable<string?> names = item.Tags.Where(name => name != Untagged).DefaultIfEmpty();
        return names.Select(name => new Choice(
            item, new ImageManifestInfo(name, config.Digest, [config.Platform]), config));
    }

    private ImageConfig ReadConfig(Item item)
    {
        var what = $"Config '{item.Config}' of {Origin}";
        var config = ImageConfig.Parse(archive.ReadDocument(item.Config), what);
        if (DigestIn(item.Config) is not { } named || named == Digest.Of(config.Raw.Span, named.Algorithm))
            return config;
        throw new ImageException(
            ImageReason.DigestMismatch, $"{what} has the digest {Digest.Of(config.Raw.Span, named.Algorithm)}",
            "Save the image again");
    }

    private ImageLayers.Stored StoredLayer(string member)
    {
        archive.Open(member, out var size).Dispose();
        return new ImageLayers.Stored(LayerType, DigestIn(member), size, member);
    }

    /// <summary>Docker since 25 names members by their digest; other names imply nothing.</summary>
    private static Digest? DigestIn(string member) =>
        member.StartsWith(Blobs, StringComparison.Ordinal)
        && Digest.TryParse(member[Blobs.Length..].Replace('/', ':'), out var digest)
            ? digest
            : null;

    private sealed record Item(string Config, IReadOnlyList<string> Tags, IReadOnlyList<string> Layers);

    private sealed record Choice(Item Item, ImageManifestInfo Info, ImageConfig Config);
}
