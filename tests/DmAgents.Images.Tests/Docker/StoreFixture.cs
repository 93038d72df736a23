using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DmAgents.Domain.Layers;
using DmAgents.Images.Docker;

namespace DmAgents.Images.Tests.Docker;

/// <summary>A data root as Docker 20.10 writes it, small: an image of two layers, and a stopped container of it.
/// </summary>
internal sealed class StoreFixture : IDisposable
{
    public const string BottomDevice = "b000000000000000000000000000000000000000000000000000000000000001";
    public const string TopDevice = "b000000000000000000000000000000000000000000000000000000000000002";
    public const string ContainerDevice = "b000000000000000000000000000000000000000000000000000000000000003";
    public const string ContainerId = "c000000000000000000000000000000000000000000000000000000000000001";

    public static readonly Digest BottomDiff = Digest.Of("bottom"u8);
    public static readonly Digest TopDiff = Digest.Of("top"u8);
    public static readonly ChainId Bottom = ChainId.Of(parent: null, BottomDiff);
    public static readonly ChainId Top = ChainId.Of(Bottom, TopDiff);

    public StoreFixture()
    {
        Device("base", 1, transaction: 1);
        Device(BottomDevice, 2, transaction: 2);
        Device(TopDevice, 3, transaction: 3);
        Device($"{ContainerDevice}-init", 4, transaction: 4);
        Device(ContainerDevice, 5, transaction: 5);
        Write("devicemapper/metadata/deviceset-metadata",
            """{"next_device_id":6,"BaseDeviceUUID":"0f0f","BaseDeviceFilesystem":"ext4"}""");
        Transaction(open: 5, ContainerDevice, 5);
        Layer(Bottom, parent: null, BottomDiff, BottomDevice);
        Layer(Top, Bottom, TopDiff, TopDevice);
        ImageId = Image(BottomDiff, TopDiff);
        Repositories(("app", "app:1", ImageId.Value), ("app", $"app@{ImageId}", ImageId.Value));
        Container(ContainerId, ContainerDevice, "/web", ImageId.Value, Top);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("dmagents-docker-").FullName;

    public Digest ImageId { get; }

    public DockerStore Read() => DockerStoreReader.Read(Root);

    public void Device(string hash, uint id, ulong transaction, string size = "10737418240", bool deleted = false) =>
        Write(
            $"devicemapper/metadata/{hash}", string.Create(CultureInfo.InvariantCulture,
                $$"""{"device_id":{{id}},"size":{{size}},"transaction_id":{{transaction}},"initialized":false,"deleted":{{(deleted ? "true" : "false")}}}"""));

    public void Transaction(ulong open, string hash, uint device) => Write(
        "devicemapper/metadata/transaction-metadata", string.Create(CultureInfo.InvariantCulture,
            $$"""{"open_transaction_id":{{open}},"device_hash":"{{hash}}","device_id":{{device}}}"""));

    public void Layer(ChainId chain, ChainId? parent, Digest diff, string device)
    {
        var directory = LayerDirectory(chain);
        Write($"{directory}/diff", diff.Value);
        Write($"{directory}/cache-id", device);
        Write($"{directory}/size", "7");
        if (parent is { } below)
            Write($"{directory}/parent", below.Value);
    }

    public static string LayerDirectory(ChainId chain) => $"image/devicemapper/layerdb/sha256/{chain.Digest.Hex}";

    /// <summary>The configuration's digest.</summary>
    public Digest Image(params Digest[] diffs)
    {
        var config = new JsonObject
        {
            ["architecture"] = "amd64",
            ["os"] = "linux",
            ["config"] = new JsonObject { ["Cmd"] = new JsonArray("/bin/app") },
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray([.. diffs.Select(diff => JsonValue.Create(diff.Value))]),
            },
        }.ToJsonString();
        var id = Digest.Of(Encoding.UTF8.GetBytes(config));
        Write(ConfigFile(id), config);
        return id;
    }

    public static string ConfigFile(Digest image) => $"image/devicemapper/imagedb/content/sha256/{image.Hex}";

    public void Repositories(params (string Repository, string Name, string Id)[] names)
    {
        var repositories = new JsonObject();
        foreach (var repository in names.GroupBy(name => name.Repository))
        {
            repositories[repository.Key] = new JsonObject(repository.Select(
                name => KeyValuePair.Create<string, JsonNode?>(name.Name, JsonValue.Create(name.Id))));
        }
        Write(
            "image/devicemapper/repositories.json", new JsonObject { ["Repositories"] = repositories }.ToJsonString());
    }

    public void Container(string id, string device, string name, string image, ChainId parent, bool isRunning = false)
    {
        Write($"image/devicemapper/layerdb/mounts/{id}/mount-id", device);
        Write($"image/devicemapper/layerdb/mounts/{id}/init-id", $"{device}-init");
        Write($"image/devicemapper/layerdb/mounts/{id}/parent", parent.Value);
        Write($"containers/{id}/config.v2.json", new JsonObject
        {
            ["Name"] = name,
            ["Image"] = image,
            ["State"] = new JsonObject { ["Running"] = isRunning },
        }.ToJsonString());
    }

    public void Write(string file, string text)
    {
        var path = Path.Combine(Root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public void Delete(string file) => File.Delete(Path.Combine(Root, file));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
