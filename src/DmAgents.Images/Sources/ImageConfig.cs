using System.Text.Json;
using DmAgents.Domain.Layers;

namespace DmAgents.Images.Sources;

/// <summary>
/// An image's config: the image's own bytes, whose digest is the image's id, and the part of their content that is
/// needed to run something and to show the image.
/// </summary>
public sealed record ImageConfig
{
    private ImageConfig(byte[] raw) => Raw = raw;

    public ReadOnlyMemory<byte> Raw { get; }

    /// <summary>The image's id.</summary>
    public Digest Digest => Digest.Of(Raw.Span);

    public required Platform Platform { get; init; }

    /// <summary>Digests of the uncompressed layers, from the lowest.</summary>
    public required IReadOnlyList<Digest> DiffIds { get; init; }

    public DateTimeOffset? Created { get; init; }

    /// <summary>Environment as NAME=value.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Empty for the root directory.</summary>
    public string WorkingDirectory { get; init; } = "";

    /// <summary>User[:group], the image's names or numbers; empty for root.</summary>
    public string User { get; init; } = "";

    public IReadOnlyList<HistoryEntry> History { get; init; } = [];

    /// <param name="raw">The JSON document (OCI image-spec config.md; Docker's is the same where relevant).</param>
    /// <param name="origin">Its name in messages.</param>
    /// <param name="verified">The bytes match the digest in the image.</param>
    public static ImageConfig Parse(byte[] raw, string origin, bool verified = false) =>
        JsonReading.Parse(raw, origin, root => Of(raw, root), verified);

    private static ImageConfig Of(byte[] raw, JsonElement root)
    {
        var config = JsonReading.Object(root, "config");
        return new ImageConfig(raw)
        {
            Platform = new Platform(
                Stated(root, "os") ?? "linux",
                // Images of data, and those of some builders, state none: then this host's is assumed.
                Stated(root, "architecture") ?? Platform.Host.Architecture,
                Stated(root, "variant")),
            DiffIds = [.. JsonReading.Texts(JsonReading.Object(root, "rootfs"), "diff_ids").Select(Digest.Parse)],
            Created = JsonReading.Time(root, "created"),
            Environment = JsonReading.Texts(config, "Env"),
            Entrypoint = JsonReading.Texts(config, "Entrypoint"),
            Command = JsonReading.Texts(config, "Cmd"),
            WorkingDirectory = JsonReading.Text(config, "WorkingDir") ?? "",
            User = JsonReading.Text(config, "User") ?? "",
            History = [.. JsonReading.Items(root, "history").Select(HistoryEntry.Of)],
        };
    }

    /// <summary>A non-empty text: Go writes an unset one as empty.</summary>
    private static string? Stated(JsonElement root, string name) =>
        JsonReading.Text(root, name) is { Length: > 0 } text ? text : null;

    /// <summary>The config of an image that was only a root file system: the same content gives the same
    /// bytes.</summary>
    public static ImageConfig OfRootFileSystem(Digest diffId, Platform platform)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("architecture", platform.Architecture);
            if (platform.Variant is { } variant)
                json.WriteString("variant", variant);
            json.WriteString("os", platform.Os);
            json.WriteStartObject("config");
            json.WriteEndObject();
            json.WriteStartObject("rootfs");
            json.WriteString("type", "layers");
            json.WriteStartArray("diff_ids");
            json.WriteStringValue(diffId.Value);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Parse(buffer.ToArray(), "the config of a root file system");
    }
}

/// <summary>A build step, which created one layer or none.</summary>
public sealed record HistoryEntry(DateTimeOffset? Created, string CreatedBy, string Comment, bool EmptyLayer)
{
    internal static HistoryEntry Of(JsonElement entry) => new(
        JsonReading.Time(entry, "created"),
        JsonReading.Text(entry, "created_by") ?? "",
        JsonReading.Text(entry, "comment") ?? "",
        JsonReading.Flag(entry, "empty_layer"));
}
