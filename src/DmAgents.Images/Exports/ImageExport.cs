using System.IO.Compression;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json.Nodes;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Changes;
using DmAgents.Images.Sources;

namespace DmAgents.Images.Exports;

/// <summary>The format of an exported image.</summary>
public enum ExportFormat
{
    /// <summary>An OCI image layout, as a folder.</summary>
    OciFolder,

    /// <summary>An OCI image layout, as one tar.</summary>
    OciArchive,

    /// <summary>The format that <c>docker save</c> writes and <c>docker load</c> reads.</summary>
    DockerArchive,
}

/// <summary>An exported image.</summary>
/// <param name="Id">The digest of its config.</param>
/// <param name="DiffIds">The diff ids of its layers, from the lowest.</param>
/// <param name="Bytes">The size of its layers as written.</param>
public sealed record ExportedImage(Digest Id, IReadOnlyList<Digest> DiffIds, long Bytes, LeftOutOfTar LeftOut);

/// <summary>
/// Writes an image, its layers from the lowest to the topmost. The layers' tars are created from their trees, so their
/// digests differ from those of the imported image. The config is adapted (<see cref="ExportedConfig"/>).
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class ImageExport : IDisposable
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private const string ConfigType = "application/vnd.oci.image.config.v1+json";
    private const string LayerType = "application/vnd.oci.image.layer.v1.tar";

    private readonly string path;
    private readonly ExportFormat format;
    private readonly bool compress;
    private readonly IExportFiles files;
    private readonly List<(Digest DiffId, Digest Blob, long Size)> layers = [];
    private LeftOutOfTar leftOut;

    /// <param name="path">Absolute; it must not exist.</param>
    /// <param name="compress">Compresses with gzip, in an OCI layout.</param>
    /// <param name="durable">Makes the names of written files durable.</param>
    public ImageExport(string path, ExportFormat format, bool compress, IDurableFiles durable)
    {
        (this.path, this.format) = (path, format);
        this.compress = compress && format != ExportFormat.DockerArchive;
        files = ExportPlace.Open(path, format == ExportFormat.OciFolder, durable);
    }

    /// <summary>Writes the next layer: the tree's differences from the one below.</summary>
    /// <param name="written">Called often, with the number of bytes of the tar written so far.</param>
    /// <exception cref="ImageException">A tree is unreadable, or the disk is full or fails.</exception>
    public void AddLayer(
        IFileTree? lower, IFileTree upper, KnownBlocks? blocks, Action<long> written,
        CancellationToken cancellation = default) => ExportPlace.Guard(path, () =>
        {
            using var blob = new WritingHash(files.Begin());
            Digest diffId;
            if (compress)
            {
                using var gzip = new GZipStream(blob, CompressionLevel.Fastest, leaveOpen: true);
                diffId = WriteTar(lower, upper, blocks, gzip, written, cancellation);
            }
            else
            {
                diffId = WriteTar(lower, upper, blocks, blob, written, cancellation);
            }
            files.End(format == ExportFormat.DockerArchive ? DockerName(diffId) : BlobName(blob.Digest));
            layers.Add((diffId, blob.Digest, blob.Count));
            return true;
        });

    /// <summary>Writes config and manifest, and gives the export its final name.</summary>
    /// <param name="config">The image's own config.</param>
    /// <param name="reference">The image's name.</param>
    public ExportedImage Complete(ReadOnlyMemory<byte> config, ImageReference reference) =>
        ExportPlace.Guard(path, () =>
        {
            List<Digest> diffIds = [.. layers.Select(layer => layer.DiffId)];
            var document = ExportedConfig.Of(config, diffIds, $"the config of {reference}");
            var id = Digest.Of(document);
            if (format == ExportFormat.DockerArchive)
                AddDocker(id, document, reference);
            else
                AddOci(id, document, reference);
            files.Complete();
            return new ExportedImage(id, diffIds, layers.Sum(layer => layer.Size), leftOut);
        });

    public void Dispose() => files.Dispose();

    private Digest WriteTar(
        IFileTree? lower, IFileTree upper, KnownBlocks? blocks, Stream output, Action<long> written,
        CancellationToken cancellation)
    {
        using var tar = new WritingHash(output, written);
        leftOut += LayerTar.Write(lower, upper, blocks, tar, cancellation);
        return tar.Digest;
    }

    private void AddOci(Digest id, byte[] config, ImageReference reference)
    {
        files.Add(BlobName(id), config);
        var manifest = Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = ManifestType,
            ["config"] = Descriptor(ConfigType, id, config.Length),
            ["layers"] = new JsonArray([.. layers.Select(layer => (JsonNode)Descriptor(
                compress ? LayerType + "+gzip" : LayerType, layer.Blob, layer.Size))]),
        });
        files.Add(BlobName(Digest.Of(manifest)), manifest);
        var root = Descriptor(ManifestType, Digest.Of(manifest), manifest.Length);
        // OCI's annotation, and containerd's and Docker's, which need the complete reference.
        root["annotations"] = new JsonObject
        {
            ["io.containerd.image.name"] = reference.Whole, ["org.opencontainers.image.ref.name"] = reference.Value,
        };
        root["platform"] = PlatformOf(ImageConfig.Parse(config, "the config").Platform);
        files.Add("oci-layout", Bytes(new JsonObject { ["imageLayoutVersion"] = "1.0.0" }));
        files.Add("index.json", Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.index.v1+json",
            ["manifests"] = new JsonArray(root),
        }));
    }

    private void AddDocker(Digest id, byte[] config, ImageReference reference)
    {
        files.Add($"{id.Hex}.json", config);
        files.Add("manifest.json", Bytes(new JsonArray(new JsonObject
        {
            ["Config"] = $"{id.Hex}.json",
            ["RepoTags"] = new JsonArray(reference.Value),
            ["Layers"] = new JsonArray([.. layers.Select(layer => (JsonNode)DockerName(layer.DiffId))]),
        })));
    }

    private static JsonObject PlatformOf(Platform platform)
    {
        var json = new JsonObject { ["architecture"] = platform.Architecture, ["os"] = platform.Os };
        if (platform.Variant is { } variant)
            json["variant"] = variant;
        return json;
    }

    private static JsonObject Descriptor(string type, Digest digest, long size) => new()
    {
        ["mediaType"] = type, ["digest"] = digest.Value, ["size"] = size,
    };

    private static string BlobName(Digest digest) => $"blobs/sha256/{digest.Hex}";

    private static string DockerName(Digest diffId) => $"{diffId.Hex}.tar";

    private static byte[] Bytes(JsonNode document) => Encoding.UTF8.GetBytes(document.ToJsonString());
}
