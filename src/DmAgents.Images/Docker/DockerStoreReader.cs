using System.Text.Json;
using System.Text.RegularExpressions;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Images.Sources;

namespace DmAgents.Images.Docker;

/// <summary>
/// Reads Docker's data root (moby v24: daemon/graphdriver/devmapper, layer/filestore.go, image/fs.go,
/// reference/store.go, container/container.go). Writes nothing, and reports damage as a finding: it is made for stores
/// on which Docker itself no longer starts.
/// </summary>
public sealed partial class DockerStoreReader
{
    private const string Driver = "devicemapper";
    private const string MetadataDirectory = Driver + "/metadata";
    private const string DeviceSet = "deviceset-metadata";
    private const string Pending = "transaction-metadata";

    private readonly StoreFiles _files;

    private DockerStoreReader(string dataRoot) => _files = new StoreFiles(dataRoot);

    /// <param name="dataRoot">Absolute, without a trailing slash: <c>/var/lib/docker</c>.</param>
    /// <exception cref="ImageException">The directory is not that of a Docker with the devicemapper driver.</exception>
    public static DockerStore Read(string dataRoot) => new DockerStoreReader(dataRoot).Read();

    private DockerStore Read()
    {
        if (!_files.HasDirectory(MetadataDirectory))
        {
            throw new ImageException(
                ImageReason.NotFound, $"There is no {_files.PathOf(MetadataDirectory)}: no Docker with the "
                    + "devicemapper driver has worked here", "Give Docker's data root (docker info: Docker Root Dir)");
        }
        var set = _files.Json($"{MetadataDirectory}/{DeviceSet}", document => new
        {
            Uuid = JsonReading.Text(document, "BaseDeviceUUID") ?? "",
            FileSystem = JsonReading.Text(document, "BaseDeviceFilesystem") ?? "",
        });
        var fileSystem = FileSystemOf(set?.FileSystem ?? "");
        var transaction = ReadTransaction();
        var devices = ReadDevices();
        var layers = ReadLayers();
        var (images, byId) = ReadImages(layers);
        var containers = ReadContainers(byId);
        return new DockerStore(
            fileSystem, set?.Uuid ?? "", transaction, devices, layers, images, containers, _files.Findings);
    }

    private FileSystemKind FileSystemOf(string name) => name switch
    {
        "ext4" => FileSystemKind.Ext4,
        "xfs" => FileSystemKind.Xfs,
        "" => throw new ImageException(
            ImageReason.Corrupt, $"{_files.PathOf($"{MetadataDirectory}/{DeviceSet}")} does not say which file system "
                + "is on Docker's devices",
            "Put a copy of the file back, or start this Docker once: it writes it anew"),
        _ => throw new ImageException(
            ImageReason.Unsupported, $"Docker's devices carry the file system {name}, which the agent does not mount",
            "Only ext4 and xfs can be adopted"),
    };

    /// <summary>Docker writes it before each change of the pool, and leaves it unchanged afterwards.</summary>
    private DockerTransaction? ReadTransaction() => _files.Json($"{MetadataDirectory}/{Pending}", document =>
        new DockerTransaction(
            new TransactionId(Number(document, "open_transaction_id")),
            JsonReading.Text(document, "device_hash") ?? "",
            ThinIdOf(document)));

    private List<DockerDevice> ReadDevices()
    {
        var devices = new List<DockerDevice>();
        foreach (var name in _files.Names(MetadataDirectory).Where(name => name is not (DeviceSet or Pending)))
        {
            if (name != DockerDevice.BaseHash && !DeviceHash().IsMatch(name))
            {
                _files.Find(FindingGravity.Note, "it is left out", "it has no name of Docker's",
                    $"{MetadataDirectory}/{name}");
                continue;
            }
            var device = _files.Json($"{MetadataDirectory}/{name}", document => new DockerDevice(
                name, ThinIdOf(document), new ByteSize(Number(document, "size")),
                new TransactionId(Number(document, "transaction_id")), JsonReading.Flag(document, "deleted")));
            if (device is null)
                continue;
            if (device.Size.Bytes == 0 || device.Size.Bytes % SectorCount.BytesPerSector != 0)
                Damaged(name, $"a size of {device.Size.Bytes} bytes");
            else
                devices.Add(device);
        }
        return WithoutDoubles(devices);
    }

    /// <summary>If a thin id has two records, it is unknown which one is right, so neither is believed.</summary>
    private List<DockerDevice> WithoutDoubles(List<DockerDevice> devices)
    {
        var doubles = devices.GroupBy(device => device.Id).Where(same => same.Count() > 1).ToList();
        foreach (var same in doubles)
        {
            _files.Find(FindingGravity.Loss, $"{same.Count()} records name this thin id, and none is believed",
                string.Join(", ", same.Select(device => Short(device.Hash))), $"thin id {same.Key}",
                "look into the quarantine after the adoption: dmagent pool quarantine list");
        }
        return [.. devices.Except(doubles.SelectMany(same => same))];
    }

    private void Damaged(string hash, string why) => _files.Find(
        FindingGravity.Loss, "the record of this device is damaged, and left out", why, $"{MetadataDirectory}/{hash}");

    private static ThinId ThinIdOf(JsonElement document) => Number(document, "device_id") is <= ThinId.Max and var id
        ? new ThinId((uint)id)
        : throw new FormatException("'device_id' has more than 24 bits");

    private static ulong Number(JsonElement document, string name) =>
        JsonReading.RequiredNumber(document, name) is >= 0 and var number
            ? (ulong)number
            : throw new FormatException($"'{name}' is negative");

    /// <summary>Twelve digits, as Docker shows them.</summary>
    internal static string Short(string hash) => hash.Length <= 12 ? hash
        : hash.EndsWith("-init", StringComparison.Ordinal) ? hash[..12] + "-init" : hash[..12];

    [GeneratedRegex(@"\A[a-f0-9]{64}(-init)?\z")]
    private static partial Regex DeviceHash();
}
