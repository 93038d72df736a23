using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.EndToEnd.Tests.Images;

/// <summary>Another program's opinion on what is in the layers.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class UnpackedTreeTests(AgentFixture agent)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_layers_tree_is_what_umoci_unpacks(int layers)
    {
        var image = await agent.Image();
        Assert.Equal(4, image.Layers.Count);
        var container = await agent.Client.Containers.CreateAsync(new CreateContainerRequest
        {
            RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Name = $"layer-{layers}",
            LayerChainId = image.Layers[layers - 1].ChainId, Mount = true,
        });
        var work = $"{Places.State}/unpacked-{layers}";
        OciLayout.Lower(Places.Image, layers, $"{work}/layout", "lower");

        // Raw: the tree alone, without the record of it that umoci keeps for a later repack.
        await Shell.Must("/usr/bin/umoci", "raw", "unpack", "--image", $"{work}/layout:lower", $"{work}/tree");

        var expected = Lines($"{work}/tree");
        var actual = Lines(container.MountPath);
        Assert.True(expected.Count > 3000, $"umoci unpacked only {expected.Count} entries");
        Assert.Equal(
            (Array.Empty<string>(), Array.Empty<string>()),
            (expected.Except(actual).Take(20).ToArray(), actual.Except(expected).Take(20).ToArray()));
        Assert.Equal(expected, actual);
        Directory.Delete(work, recursive: true);
        await agent.Client.Remove(AgentFixture.Direct, container.Name);
    }

    private static List<string> Lines(string directory)
    {
        var status = LinuxFileTree.Open(directory, out var tree);
        Assert.True(status.IsDone, $"{directory}: {status}");
        using (tree)
            return [.. FileTreeDigest.Lines(tree!)];
    }
}
