using System.Text.Json;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Images.Sources;

namespace DmAgents.Images.Docker;

/// <summary>Reads the driver's own files: the devices, and the last change of the pool.</summary>
internal sealed class DockerDeviceReader(StoreFiles files)
{
    public const string Directory = DockerStoreReader.Driver + "/metadata";

    /// <summary>The file about all devices.</summary>
    public const string SetFile = Directory + "/" + DeviceSet;

    private const string DeviceSet = "deviceset-metadata";
    private const string Pending = "transaction-metadata";

    /// <summary>Docker writes it before each change of the pool, and leaves it unchanged afterwards.</summary>
    public DockerTransaction? ReadTransaction() => files.Json($"{Directory}/{Pending}", document =>
        new DockerTransaction(
            new TransactionId(Number(document, "open_transaction_id")),
            JsonReading.Text(document, "device_hash") ?? "",
            ThinIdOf(document)));

    public List<DockerDevice> Read()
    {
        var devices = new List<DockerDevice>();
        foreach (var name in files.Names(Directory).Where(name => name is not (DeviceSet or Pending)))
        {
            if (name != DockerDevice.BaseHash && !DockerHashes.IsDevice(name))
            {
                files.Find(FindingGravity.Note, "it is left out", "it has no name of Docker's",
                    $"{Directory}/{name}");
                continue;
            }
            var device = files.Json($"{Directory}/{name}", document => new DockerDevice(
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
            files.Find(FindingGravity.Loss, $"{same.Count()} records name this thin id, and none is believed",
                string.Join(", ", same.Select(device => DockerHashes.Short(device.Hash))), $"thin id {same.Key}",
                "look into the quarantine after the adoption: dmagent pool quarantine list");
        }
        return [.. devices.Except(doubles.SelectMany(same => same))];
    }

    private void Damaged(string hash, string why) => files.Find(
        FindingGravity.Loss, "the record of this device is damaged, and left out", why, $"{Directory}/{hash}");

    private static ThinId ThinIdOf(JsonElement document) => Number(document, "device_id") is <= ThinId.Max and var id
        ? new ThinId((uint)id)
        : throw new FormatException("'device_id' has more than 24 bits");

    private static ulong Number(JsonElement document, string name) =>
        JsonReading.RequiredNumber(document, name) is >= 0 and var number
            ? (ulong)number
            : throw new FormatException($"'{name}' is negative");
}
