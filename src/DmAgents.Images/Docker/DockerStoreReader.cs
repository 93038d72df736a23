using DmAgents.Domain.Devices;
using DmAgents.Images.Sources;

namespace DmAgents.Images.Docker;

/// <summary>
/// Reads Docker's data root (moby v24: daemon/graphdriver/devmapper, layer/filestore.go, image/fs.go,
/// reference/store.go, container/container.go). Writes nothing, and reports damage as a finding: it is made for stores
/// on which Docker itself no longer starts.
/// </summary>
public sealed class DockerStoreReader
{
    internal const string Driver = "devicemapper";

    private readonly StoreFiles _files;

    private DockerStoreReader(string dataRoot) => _files = new StoreFiles(dataRoot);

    /// <param name="dataRoot">Absolute, without a trailing slash: <c>/var/lib/docker</c>.</param>
    /// <exception cref="ImageException">The directory is not that of a Docker with the devicemapper driver.</exception>
    public static DockerStore Read(string dataRoot) => new DockerStoreReader(dataRoot).Read();

    private DockerStore Read()
    {
        if (!_files.HasDirectory(DockerDeviceReader.Directory))
        {
            throw new ImageException(
                ImageReason.NotFound, $"There is no {_files.PathOf(DockerDeviceReader.Directory)}: no Docker with the "
                    + "devicemapper driver has worked here", "Give Docker's data root (docker info: Docker Root Dir)");
        }
        var set = _files.Json(DockerDeviceReader.SetFile, document => new
        {
            Uuid = JsonReading.Text(document, "BaseDeviceUUID") ?? "",
            FileSystem = JsonReading.Text(document, "BaseDeviceFilesystem") ?? "",
        });
        var fileSystem = FileSystemOf(set?.FileSystem ?? "");
        var deviceReader = new DockerDeviceReader(_files);
        var transaction = deviceReader.ReadTransaction();
        var devices = deviceReader.Read();
        var layerReader = new DockerLayerReader(_files);
        var layers = layerReader.Read();
        var (images, byId) = new DockerImageReader(_files).Read(layers);
        var containers = new DockerContainerReader(_files, layerReader).Read(byId);
        return new DockerStore(
            fileSystem, set?.Uuid ?? "", transaction, devices, layers, images, containers, _files.Findings);
    }

    private FileSystemKind FileSystemOf(string name) => name switch
    {
        "ext4" => FileSystemKind.Ext4,
        "xfs" => FileSystemKind.Xfs,
        "" => throw new ImageException(
            ImageReason.Corrupt,
            $"{_files.PathOf(DockerDeviceReader.SetFile)} does not say which file system is on Docker's devices",
            "Put a copy of the file back, or start this Docker once: it writes it anew"),
        _ => throw new ImageException(
            ImageReason.Unsupported, $"Docker's devices carry the file system {name}, which the agent does not mount",
            "Only ext4 and xfs can be adopted"),
    };
}
