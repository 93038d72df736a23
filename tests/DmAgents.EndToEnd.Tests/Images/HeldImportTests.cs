using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.EndToEnd.Tests.Images;

/// <summary>An import that stands still in its midst is work under way: a comparison says nothing of it, a repair
/// leaves it alone, and it ends well when it goes on.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class HeldImportTests(AgentFixture agent)
{
    private const string Pool = AgentFixture.Direct;
    private const int MiB = 1 << 20;

    [Fact]
    public async Task While_the_pipe_gives_nothing_more()
    {
        const string Image = "e2e/held-pipe:1";
        var tar = await SmallImage.Write("held-pipe", dataLength: 8 * MiB, seed: 50);
        var archive = await File.ReadAllBytesAsync(tar);
        using var import = CliImport.Start(agent.Places, Pool, "-", Image);
        await import.Send(archive.AsMemory(0, 4 * MiB));
        await Archives.Arrive(agent.Agent, 4 * MiB);

        await MustBeLeftAlone();

        Assert.False(import.HasEnded);
        await import.Send(archive.AsMemory(4 * MiB));
        import.Close();
        var ended = await import.End();
        Assert.True(ended.Status == 0, $"{ended}");
        await MustHold(Image, tar);
    }

    [Fact]
    public async Task While_the_disk_with_its_upper_layer_hangs_and_the_lower_one_is_committed()
    {
        const string Image = "e2e/held-layer:1";
        var lower = await SmallImage.Write("held-lower", dataLength: MiB, seed: 51);
        var upper = await SmallImage.Write("held-upper", dataLength: 24 * MiB, seed: 52);
        var (layout, layers) = await OciLayout.Write("held-layers", lower, upper);
        await using var disk = await HeldDisk.Keep(agent, layers[1], readable: 8 * MiB);
        var import = agent.Client.Import(Pool, layout, Image);
        var mount = await FilledWith(4 * MiB, import);

        await MustBeLeftAlone();

        Assert.False(import.IsCompleted);
        Assert.Equal([mount], ImportTraces.Mounts(agent.Places, Pool));
        disk.LetGo();
        Assert.Equal(2, (await import).Layers.Count);
        await MustHold(Image, lower, upper);
    }

    /// <summary>Where the upper layer is filled, once so much of its large file is there.</summary>
    private async Task<string> FilledWith(long bytes, Task import)
    {
        var mount = "";
        await Patience.Until(
            () =>
            {
                Assert.False(import.IsCompleted, $"the import has ended: {import.Exception}");
                mount = ImportTraces.Mounts(agent.Places, Pool).SingleOrDefault() ?? "";
                return File.Exists($"{mount}/data") && new FileInfo($"{mount}/data").Length >= bytes;
            },
            $"{bytes} bytes of a layer are written");
        return mount;
    }

    private async Task MustBeLeftAlone()
    {
        await agent.Client.MustAgree(Pool);
        var check = await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = Pool });
        Assert.Empty(check.Repairs);
        await agent.Client.Pools.RepairAsync(
            new RepairPoolRequest { RequestId = AgentClient.NewId(), Pool = Pool });
        await agent.Client.MustAgree(Pool);
    }

    /// <summary>A container of the image has the tree that tar unpacks of its layers; both are removed then.</summary>
    private async Task MustHold(string image, params string[] tars)
    {
        var unpacked = Directory.CreateDirectory($"{Places.State}/held-unpacked").FullName;
        foreach (var tar in tars)
            await Shell.Must("/bin/tar", "-C", unpacked, "-xpf", tar);
        var container = await agent.Client.Create(Pool, "of-held", image);
        Assert.Equal(Lines(unpacked), Lines(container.MountPath));
        await agent.Client.Remove(Pool, container.Name);
        await agent.Client.RemoveImage(Pool, image);
        await agent.Client.MustAgree(Pool);
        Directory.Delete(unpacked, recursive: true);
    }

    /// <summary>All entries; of the root itself the tars say nothing.</summary>
    private static List<string> Lines(string directory)
    {
        var status = LinuxFileTree.Open(directory, out var tree);
        Assert.True(status.IsDone, $"{directory}: {status}");
        using (tree)
            return [.. FileTreeDigest.Lines(tree!).Skip(1)];
    }
}
