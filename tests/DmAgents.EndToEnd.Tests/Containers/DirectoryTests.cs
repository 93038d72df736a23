using System.Text.Json;
using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Containers;

/// <summary>What an operator finds in mnt/ and metadata/.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class DirectoryTests(AgentFixture agent)
{
    private string Metadata => $"{agent.Places.Pool(AgentFixture.Direct)}/metadata";

    [Fact]
    public async Task A_running_containers_directory_shows_its_file_system_and_a_stopped_ones_and_an_images_are_empty()
    {
        var image = await agent.Image();
        var container = await agent.Container("directory");
        Assert.Equal(agent.Places.Mount(AgentFixture.Direct, "directory"), container.MountPath);
        Assert.True(File.Exists($"{container.MountPath}/etc/debian_version"));
        Assert.Equal("ran\n", await Shell.Must("/usr/sbin/chroot", container.MountPath, "/bin/echo", "ran"));

        await agent.Client.Unmount(AgentFixture.Direct, "directory");

        Assert.Empty(Directory.EnumerateFileSystemEntries(container.MountPath));
        Assert.All(image.Layers, layer => Assert.Empty(Directory.EnumerateFileSystemEntries(
            agent.Places.Mount(AgentFixture.Direct, layer.ChainId.Replace(':', '-')))));
        await agent.Client.Remove(AgentFixture.Direct, "directory");
        Eventually.True(() => !Directory.Exists(container.MountPath), "the removed container's directory is gone");
    }

    [Fact]
    public async Task Each_container_and_layer_has_a_file_that_says_what_the_api_says()
    {
        await agent.Image();
        var request = new CreateContainerRequest
        {
            RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Name = "documented",
            Image = AgentFixture.Debian, Mount = true, Labels = { { "team", "storage" } },
        };
        await agent.Client.Containers.CreateAsync(request);
        var file = $"{Metadata}/documented.json";
        // It may be written before the container is made, and again after.
        Eventually.True(() => File.Exists(file) && Word(file, "phase") == "ready", "the container's file is there");

        var tree = await agent.Client.Layers.TreeAsync(new LayerTreeRequest { Pool = AgentFixture.Direct });
        var known = tree.Nodes.Where(node => node.Kind is DeviceKind.Layer or DeviceKind.Container).ToList();
        Assert.True(known.Count(node => node.Kind == DeviceKind.Layer) >= 4);
        Assert.All(known, MustBeDocumented);
        using (var container = Read(file))
        {
            Assert.Equal("mounted", Text(container, "use"));
            Assert.Equal("storage", container.RootElement.GetProperty("labels").GetProperty("team").GetString());
            Assert.StartsWith("layer/sha256:", Text(container, "parent"), StringComparison.Ordinal);
        }

        await agent.Client.Unmount(AgentFixture.Direct, "documented");
        Eventually.True(() => Word(file, "use") == "idle", "the file says that it is idle");
        await agent.Client.Remove(AgentFixture.Direct, "documented");
        Eventually.True(() => !File.Exists(file), "the removed container's file is gone");
    }

    private void MustBeDocumented(Layer node)
    {
        using var document = Read($"{Metadata}/{node.Key.Replace(':', '-')}.json");
        var root = document.RootElement;
        Assert.Equal(node.ThinId, root.GetProperty("device_id").GetUInt32());
        Assert.Equal(node.SizeBytes, root.GetProperty("size").GetUInt64());
        Assert.True(root.GetProperty("transaction_id").TryGetUInt64(out _));
        Assert.True(root.GetProperty("initialized").GetBoolean());
        Assert.False(root.GetProperty("deleted").GetBoolean());
        var kind = node.Kind == DeviceKind.Layer ? "layer" : "container";
        Assert.Equal(kind, Text(document, "kind"));
        Assert.Equal($"{kind}/{node.Key}", Text(document, "key"));
        Assert.EndsWith(node.Parent, Text(document, "parent"), StringComparison.Ordinal);
        Assert.Equal("ext4", Text(document, "file_system"));
        Assert.Equal("ready", Text(document, "phase"));
        Assert.Equal(node.CreatedAt.ToDateTimeOffset(), root.GetProperty("created_at").GetDateTimeOffset());
    }

    private static string Word(string file, string name)
    {
        using var document = Read(file);
        return Text(document, name);
    }

    private static JsonDocument Read(string file) => JsonDocument.Parse(File.ReadAllText(file));

    private static string Text(JsonDocument document, string name) =>
        document.RootElement.GetProperty(name).GetString()!;
}
