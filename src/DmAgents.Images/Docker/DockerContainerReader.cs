using DmAgents.Domain.Containers;
using DmAgents.Domain.Layers;
using DmAgents.Images.Sources;

namespace DmAgents.Images.Docker;

/// <summary>
/// Reads containers: the layer database names their devices, and their own directories hold their names.
/// </summary>
internal sealed class DockerContainerReader(StoreFiles files, DockerLayerReader layers)
{
    private const string MountDirectory = DockerLayerReader.Database + "/mounts";

    public List<DockerContainer> Read(Dictionary<Digest, DockerImage> images)
    {
        var containers = new List<DockerContainer>();
        var names = new HashSet<ContainerName>();
        foreach (var id in files.Names(MountDirectory))
        {
            var subject = $"container {DockerHashes.Short(id)}";
            var device = files.Line($"{MountDirectory}/{id}/mount-id");
            if (device is null || !DockerHashes.IsDevice(device) || !DockerHashes.IsDevice(id))
            {
                files.Find(FindingGravity.Loss, "the container is left out",
                    "its mount-id, which names its device, is missing or damaged", subject);
                continue;
            }
            if (!layers.ReadParent($"{MountDirectory}/{id}/parent", out var parent))
            {
                files.Find(FindingGravity.Warning, "it is adopted without its image",
                    "its parent, which names the layer below it, is damaged", subject);
            }
            var init = files.Line($"{MountDirectory}/{id}/init-id");
            var config = ReadConfig(id);
            var name = NameOf(id, config.Name, names);
            if (config.WasRunning)
            {
                files.Find(FindingGravity.Warning, "it is adopted as it is on the disk",
                    "it ran when Docker wrote about it last: Docker or the host did not end in order",
                    $"container {name}");
            }
            containers.Add(new DockerContainer(
                id, name, device, init is { Length: > 0 } && DockerHashes.IsDevice(init) ? init : null, parent,
                config.Image is { } image && images.ContainsKey(image) ? image : null, config.WasRunning));
        }
        return containers;
    }

    private (string? Name, Digest? Image, bool WasRunning) ReadConfig(string id) => files.Json(
        $"containers/{id}/config.v2.json", document => (
            JsonReading.Text(document, "Name")?.TrimStart('/'),
            Digest.TryParse(JsonReading.Text(document, "Image"), out var image) ? image : (Digest?)null,
            JsonReading.Flag(JsonReading.Object(document, "State"), "Running")));

    /// <summary>Its name in Docker; if that cannot be kept, a name made from its id.</summary>
    private ContainerName NameOf(string id, string? name, HashSet<ContainerName> taken)
    {
        if (ContainerName.TryParse(name, out var own) && taken.Add(own))
            return own;
        var made = new ContainerName($"docker-{id[..12]}");
        // Twelve digits of a random id. If they collide, the whole id cannot.
        if (!taken.Add(made))
            taken.Add(made = new ContainerName($"docker-{id}"));
        files.Find(FindingGravity.Warning, $"it is called {made}", string.IsNullOrEmpty(name)
            ? "its directory, which tells its name, is missing or damaged"
            : $"it cannot keep its name '{name}', which is another's or not a container's here: {ContainerName.Rule}",
            $"container {DockerHashes.Short(id)}");
        return made;
    }
}
