using System.Text.Json;
using DmAgents.Domain.Layers;
using DmAgents.Images.Archives;
using DmAgents.Images.Layers;

namespace DmAgents.Images.Sources;

/// <summary>
/// What <c>docker save</c>, podman and others write: manifest.json names the config and the layers by their place in
/// the archive. Its layers carry no digest of their own; the config's diff ids verify them.
/// </summary>
internal sealed class DockerArchiveSource : IImageSource
{
    private const string LayerType = "application/vnd.docker.image.rootfs.diff.tar";
    private const string Blobs = "blobs/sha256/";

    private readonly IArchive archive;
    private readonly IReadOnlyList<Choice> choices;

    public DockerArchiveSource(IArchive archive)
    {
        this.archive = archive;
        var what = $"'{LayoutNames.DockerManifest}' of {Origin}";
        var items = JsonReading.Parse(archive.ReadDocument(LayoutNames.DockerManifest), what, ReadManifest);
        choices = [.. items.SelectMany(Named)];
        if (choices.Count == 0)
            throw new ImageException(
                ImageReason.NotFound, $"{Origin} is a docker archive without an image", "Save it again");
    }

    public string Origin => archive.Origin;

    public ImageFormat Format => ImageFormat.DockerArchive;

    public IReadOnlyList<ImageManifestInfo> Images => [.. choices.Select(choice => choice.Info)];

    public ImageDescription Describe(string? reference = null, Platform? platform = null)
    {
        var named = ImageLayers.Choose(choices, choice => choice.Info, reference, Origin)
            .DistinctBy(choice => choice.Item.Config).ToList();
        if (named.Count > 1)
            throw new ImageException(
                ImageReason.Ambiguous, $"{Origin} has {named.Count} images without a name",
                "Name one by its id: " + string.Join(", ", named.Select(choice => choice.Info.Digest)));
        var item = named[0].Item;
        var config = ReadConfig(item);
        if (platform is not null && !platform.Takes(config.Platform))
            throw new ImageException(
                ImageReason.NotFound, $"{Origin} has no image for {platform}; it has one for {config.Platform}",
                "Leave the platform out, or save the image for the other one");
        return new ImageDescription(
            named[0].Info.Reference, null, config, config.Platform,
            ImageLayers.Join([.. item.Layers.Select(StoredLayer)], config, Origin));
    }

    public LayerStream OpenLayer(LayerDescriptor layer, IProgress<long>? progress = null) =>
        ImageLayers.Open(archive, layer, progress);

    public void Dispose() => archive.Dispose();

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
        var id = ReadConfig(item).Digest;
        return item.Tags.Count > 0
            ? item.Tags.Select(name => new Choice(item, new ImageManifestInfo(name, id, [])))
            : [new Choice(item, new ImageManifestInfo(null, id, []))];
    }

    private ImageConfig ReadConfig(Item item)
    {
        var what = $"Config '{item.Config}' of {Origin}";
        var config = ImageConfig.Parse(archive.ReadDocument(item.Config), what);
        return DigestIn(item.Config) is { } named && named != config.Digest
            ? throw new ImageException(
                ImageReason.DigestMismatch, $"{what} has the digest {config.Digest}", "Save the image again")
            : config;
    }

    private ImageLayers.Stored StoredLayer(string member)
    {
        archive.Open(member, out var size).Dispose();
        return new ImageLayers.Stored(LayerType, DigestIn(member), size, member);
    }

    /// <summary>Docker since 25 names members by their digest; other names promise nothing.</summary>
    private static Digest? DigestIn(string member) =>
        member.StartsWith(Blobs, StringComparison.Ordinal) && Digest.TryParse(
            "sha256:" + member[Blobs.Length..], out var digest)
            ? digest
            : null;

    private sealed record Item(string Config, IReadOnlyList<string> Tags, IReadOnlyList<string> Layers);

    private sealed record Choice(Item Item, ImageManifestInfo Info);
}
