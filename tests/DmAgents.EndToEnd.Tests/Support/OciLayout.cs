using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>Writes OCI image layouts: small ones of the tests' own, and the lower part of another.</summary>
internal static class OciLayout
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private const string ConfigType = "application/vnd.oci.image.config.v1+json";
    private const string LayerType = "application/vnd.oci.image.layer.v1.tar+gzip";
    private const string RefName = "org.opencontainers.image.ref.name";

    /// <summary>A layout of the one image "name:1", whose layers are the given tars.</summary>
    /// <returns>Its directory, and the file of each layer.</returns>
    public static async Task<(string Directory, IReadOnlyList<string> Layers)> Write(string name, params string[] tars)
    {
        var directory = Begin($"{Places.Work}/{name}");
        var layers = new JsonArray();
        var diffIds = new JsonArray();
        var files = new List<string>();
        foreach (var path in tars)
        {
            var tar = await File.ReadAllBytesAsync(path);
            using var packed = new MemoryStream();
            await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                await gzip.WriteAsync(tar);
            layers.Add(Descriptor(LayerType, WriteBlob(directory, packed.ToArray())));
            files.Add(BlobPath(directory, (string)layers[^1]!["digest"]!));
            diffIds.Add(DigestOf(tar));
        }
        var config = new JsonObject
        {
            ["architecture"] = "amd64", ["os"] = "linux",
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = diffIds },
        };
        Finish(directory, $"{name}:1", config, layers);
        return (directory, files);
    }

    /// <summary>The lowest layers of the image in <paramref name="source"/>, as an image of their own.</summary>
    public static string Lower(string source, int count, string directory, string reference)
    {
        Begin(directory);
        var index = Read($"{source}/index.json");
        var manifest = Read(BlobPath(source, (string)index["manifests"]![0]!["digest"]!));
        var config = Read(BlobPath(source, (string)manifest["config"]!["digest"]!));
        var layers = manifest["layers"]!.AsArray();
        Truncate(layers, count);
        Truncate(config["rootfs"]!["diff_ids"]!.AsArray(), count);
        var history = config["history"]!.AsArray();
        foreach (var empty in history.Where(step => step!["empty_layer"] is { } flag && (bool)flag).ToList())
            history.Remove(empty);
        Truncate(history, count);
        foreach (var layer in layers)
        {
            var digest = (string)layer!["digest"]!;
            File.CreateSymbolicLink(BlobPath(directory, digest), BlobPath(source, digest));
        }
        Finish(directory, reference, config, layers.DeepClone().AsArray());
        return directory;
    }

    /// <summary>A tar of the given entries, each with a few bytes.</summary>
    public static async Task<string> Tar(string name, params TarEntry[] entries)
    {
        var path = $"{Places.Work}/{name}.tar";
        await using var tar = new TarWriter(File.Create(path), TarEntryFormat.Pax);
        foreach (var entry in entries)
            await tar.WriteEntryAsync(entry);
        return path;
    }

    private static string Begin(string directory)
    {
        Directory.CreateDirectory($"{directory}/blobs/sha256");
        File.WriteAllText($"{directory}/oci-layout", """{"imageLayoutVersion": "1.0.0"}""");
        return directory;
    }

    private static void Finish(string directory, string reference, JsonNode config, JsonArray layers)
    {
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2, ["mediaType"] = ManifestType,
            ["config"] = Descriptor(ConfigType, WriteBlob(directory, Bytes(config))), ["layers"] = layers,
        };
        var descriptor = Descriptor(ManifestType, WriteBlob(directory, Bytes(manifest)));
        descriptor["annotations"] = new JsonObject { [RefName] = reference };
        File.WriteAllBytes($"{directory}/index.json", Bytes(new JsonObject
        {
            ["schemaVersion"] = 2, ["manifests"] = new JsonArray(descriptor),
        }));
    }

    private static void Truncate(JsonArray items, int count)
    {
        while (items.Count > count)
            items.RemoveAt(items.Count - 1);
    }

    private static JsonObject Descriptor(string type, (string Digest, long Size) blob) => new()
    {
        ["mediaType"] = type, ["digest"] = blob.Digest, ["size"] = blob.Size,
    };

    private static (string Digest, long Size) WriteBlob(string directory, byte[] content)
    {
        var digest = DigestOf(content);
        File.WriteAllBytes(BlobPath(directory, digest), content);
        return (digest, content.Length);
    }

    private static string BlobPath(string directory, string digest) => $"{directory}/blobs/{digest.Replace(':', '/')}";

    private static string DigestOf(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";

    private static JsonNode Read(string path) => JsonNode.Parse(File.ReadAllText(path))!;

    private static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());
}
