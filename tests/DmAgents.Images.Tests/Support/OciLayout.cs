using System.Text.Json.Nodes;
using DmAgents.Domain.Layers;

namespace DmAgents.Images.Tests.Support;

/// <summary>Gathers the members of an OCI image layout.</summary>
internal sealed class OciLayout
{
    public const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    public const string IndexType = "application/vnd.oci.image.index.v1+json";

    private readonly JsonArray manifests = [];

    /// <summary>Blobs by member name; tests may damage them.</summary>
    public SortedDictionary<string, byte[]> Blobs { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds an image whose layers are these tars, stored as <paramref name="pack"/> packs them.</summary>
    public OciLayout Add(string? reference, string architecture, Func<byte[], byte[]> pack, params byte[][] tars)
    {
        manifests.Add(Named(Image(architecture, pack, tars), reference));
        return this;
    }

    /// <summary>Adds an index of one image for each architecture, with an attestation as buildkit has it.</summary>
    public OciLayout AddIndex(string reference, params (string Architecture, byte[] Tar)[] images)
    {
        var inner = new JsonArray();
        foreach (var (architecture, tar) in images)
            inner.Add(Image(architecture, bytes => bytes, tar));
        var attestation = Blob(Manifest, "{}"u8.ToArray());
        attestation["platform"] = new JsonObject { ["os"] = "unknown", ["architecture"] = "unknown" };
        attestation["annotations"] = new JsonObject { ["vnd.docker.reference.type"] = "attestation-manifest" };
        inner.Add(attestation);
        var index = ImageFiles.Json(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = inner });
        manifests.Add(Named(Blob(IndexType, index), reference));
        return this;
    }

    public IEnumerable<KeyValuePair<string, byte[]>> Members() =>
    [
        .. Blobs,
        new("index.json", ImageFiles.Json(new JsonObject { ["schemaVersion"] = 2,
            ["manifests"] = manifests.DeepClone() })),
        new("oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray()),
    ];

    public byte[] ToTar() => ImageFiles.Tar(Members());

    public void WriteTo(string directory)
    {
        foreach (var (name, content) in Members())
        {
            var path = Path.Combine(directory, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
    }

    public JsonObject Blob(string mediaType, byte[] content)
    {
        var digest = Digest.Of(content);
        Blobs["blobs/sha256/" + digest.Hex] = content;
        return new JsonObject { ["mediaType"] = mediaType, ["digest"] = digest.Value, ["size"] = content.Length };
    }

    /// <summary>Adds whatever manifest as an image.</summary>
    public OciLayout AddManifest(JsonObject descriptor)
    {
        manifests.Add(descriptor);
        return this;
    }

    /// <summary>A manifest of one plain layer and its descriptor, with this platform or none.</summary>
    public JsonObject Image(string? reference, byte[] tar, string architecture = "amd64", JsonObject? platform = null)
    {
        var manifest = Image(architecture, bytes => bytes, tar);
        manifest.Remove("platform");
        if (platform is not null)
            manifest["platform"] = platform;
        return Named(manifest, reference);
    }

    /// <summary>A manifest of one layer, stored like this, with this config.</summary>
    public JsonObject ImageOf(byte[] config, byte[] layer) => Blob(Manifest, ImageFiles.Json(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["config"] = Blob("application/vnd.oci.image.config.v1+json", config),
        ["layers"] = new JsonArray(Blob("application/vnd.oci.image.layer.v1.tar", layer)),
    }));

    /// <summary>An index of these manifests and its descriptor.</summary>
    public JsonObject Index(string? reference, JsonArray manifests) => Named(
        Blob(IndexType, ImageFiles.Json(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = manifests })), reference);

    private static JsonObject Named(JsonObject descriptor, string? reference)
    {
        if (reference is not null)
            descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = reference };
        return descriptor;
    }

    private JsonObject Image(string architecture, Func<byte[], byte[]> pack, params byte[][] tars)
    {
        var layers = new JsonArray();
        foreach (var tar in tars)
            layers.Add(Blob("application/vnd.oci.image.layer.v1.tar+gzip", pack(tar)));
        var manifest = Blob(Manifest, ImageFiles.Json(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["config"] = Blob("application/vnd.oci.image.config.v1+json", ImageFiles.Config(architecture, tars)),
            ["layers"] = layers,
        }));
        manifest["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = architecture };
        return manifest;
    }
}
