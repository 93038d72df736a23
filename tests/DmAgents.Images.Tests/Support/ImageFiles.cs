using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using DmAgents.Domain.Layers;

namespace DmAgents.Images.Tests.Support;

/// <summary>Writes small images in the formats that image builders write.</summary>
internal static class ImageFiles
{
    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return packed.ToArray();
    }

    public static byte[] Zstd(byte[] content) => new ZstdSharp.Compressor().Wrap(content).ToArray();

    /// <summary>What a program of the machine, such as xz, makes of the bytes.</summary>
    public static byte[] Filter(string program, byte[] content, params string[] arguments)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, content);
            Tool.Run("/", "/bin/sh", "-ec", $"{program} {string.Join(' ', arguments)} < {file} > {file}.out");
            return File.ReadAllBytes(file + ".out");
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".out");
        }
    }

    public static byte[] Config(string architecture, params byte[][] tars) => Json(new JsonObject
    {
        ["architecture"] = architecture,
        ["os"] = "linux",
        ["created"] = "2024-01-02T03:04:05Z",
        ["config"] = new JsonObject
        {
            ["Env"] = new JsonArray("PATH=/bin", "A=b=c"),
            ["Entrypoint"] = new JsonArray("/bin/init"),
            ["Cmd"] = new JsonArray("--flag"),
            ["WorkingDir"] = "/srv",
            ["User"] = "1000:1000",
        },
        ["rootfs"] = new JsonObject
        {
            ["type"] = "layers",
            ["diff_ids"] = new JsonArray([.. tars.Select(tar => JsonValue.Create(Digest.Of(tar).Value))]),
        },
        ["history"] = new JsonArray(
            new JsonObject { ["created_by"] = "ADD", ["created"] = "2024-01-02T03:04:05Z" },
            new JsonObject { ["created_by"] = "ENV", ["empty_layer"] = true }),
    });

    public static byte[] Json(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());

    /// <summary>All members as a plain tar, in this order.</summary>
    public static byte[] Tar(IEnumerable<KeyValuePair<string, byte[]>> members)
    {
        var tar = new TarBytes();
        foreach (var (name, content) in members)
        {
            // A header has room for a name of 100 bytes.
            if (name.Length > 100)
                tar.Pax("path", name);
            tar.Entry(name.Length > 100 ? "long" : name, '0', content: content);
        }
        return tar.End();
    }

    /// <summary>
    /// What <c>docker save</c> wrote before version 25; with the second layer as a symlink to the first.
    /// </summary>
    public static byte[] DockerArchive(string[]? tags, params byte[][] tars)
    {
        var config = Config("amd64", tars);
        var configName = Digest.Of(config).Hex + ".json";
        var archive = new TarBytes();
        var layers = new JsonArray();
        var written = new Dictionary<Digest, string>();
        foreach (var (tar, index) in tars.Select((tar, index) => (tar, index)))
        {
            var id = Digest.Of(Encoding.UTF8.GetBytes("layer" + index)).Hex;
            // The name is longer than a header's link field has room for with two ids and dots, so docker uses pax too.
            archive.Directory(id + "/").File(id + "/VERSION", "1.0").File(id + "/json", "{}");
            if (written.TryGetValue(Digest.Of(tar), out var first))
                archive.Pax("linkpath", $"../{first}/layer.tar").Symlink(id + "/layer.tar", "x");
            else
                archive.Entry(id + "/layer.tar", '0', content: tar);
            written.TryAdd(Digest.Of(tar), id);
            layers.Add(id + "/layer.tar");
        }
        archive.Entry(configName, '0', content: config);
        var item = new JsonObject { ["Config"] = configName, ["Layers"] = layers };
        item["RepoTags"] = tags is null ? null : new JsonArray([.. tags.Select(tag => JsonValue.Create(tag))]);
        return archive.Entry("manifest.json", '0', content: Json(new JsonArray(item))).File("repositories", "{}").End();
    }
}
