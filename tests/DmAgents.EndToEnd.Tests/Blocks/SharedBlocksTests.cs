using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Blocks;

/// <summary>What containers cost and share, by the pool's own counters.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class SharedBlocksTests(AgentFixture agent)
{
    private const int MiB = 1 << 20;
    private const ulong BlocksOfMiB = MiB / PoolMeter.BlockSize;

    /// <summary>What ext4 writes besides for a small change: its journal, superblock, bitmaps, inode table and a
    /// directory, each at most in two pool blocks, and the journal's wrap.</summary>
    private const ulong FileSystemsOwn = 16;

    [Fact]
    public async Task Reading_what_only_the_image_has_allocates_nothing()
    {
        var container = await agent.Container("reader");
        // ext4 begins its journal at some moment after the mount, which takes a block: have that behind.
        await Files.Write($"{container.MountPath}/root/first", 4096, seed: 11);
        var before = (await agent.DirectMeter.UsedBlocks(), await agent.DirectMeter.Usage());

        var read = ReadFiles($"{container.MountPath}/usr/lib", 24 * MiB);

        Assert.True(read >= 24 * MiB, $"only {read} bytes were there to read");
        Assert.Equal(before, (await agent.DirectMeter.UsedBlocks(), await agent.DirectMeter.Usage()));
        await agent.Client.Remove(AgentFixture.Direct, "reader");
    }

    [Fact]
    public async Task A_new_file_allocates_what_it_needs()
    {
        var container = await agent.Container("newfile");
        var before = await agent.DirectMeter.UsedBlocks();

        await Files.Write($"{container.MountPath}/root/new", 8 * MiB, seed: 1);

        var allocated = await agent.DirectMeter.UsedBlocks() - before;
        Assert.InRange(allocated, 8 * BlocksOfMiB, (8 * BlocksOfMiB) + FileSystemsOwn);
        await agent.Client.Remove(AgentFixture.Direct, "newfile");
        Assert.InRange(await agent.DirectMeter.UsedBlocks(), 0UL, before);
    }

    [Fact]
    public async Task Changing_4_KiB_of_100_MiB_copies_the_affected_blocks_and_leaves_the_image_as_it_was()
    {
        var builder = await agent.Container("large-builder");
        var original = await Files.Write($"{builder.MountPath}/srv/large", 100 * MiB, seed: 2);
        await agent.Client.Commit(AgentFixture.Direct, "large-builder", "e2e/large:1");
        await agent.Client.Remove(AgentFixture.Direct, "large-builder");
        var container = await agent.Client.Create(AgentFixture.Direct, "large", "e2e/large:1");
        var before = await agent.DirectMeter.UsedBlocks();

        const int Offset = (50 * MiB) + 8192;
        var change = new byte[4096];
        new Random(3).NextBytes(change);
        await using (var file = File.OpenWrite($"{container.MountPath}/srv/large"))
        {
            file.Position = Offset;
            await file.WriteAsync(change);
        }

        var allocated = await agent.DirectMeter.UsedBlocks() - before;
        Assert.InRange(allocated, 1UL, 1 + FileSystemsOwn);
        var other = await agent.Client.Create(AgentFixture.Direct, "large-other", "e2e/large:1");
        Assert.Equal(original, await Files.Digest($"{other.MountPath}/srv/large"));
        Assert.NotEqual(original, await Files.Digest($"{container.MountPath}/srv/large"));
        await using (var file = File.Open($"{container.MountPath}/srv/large", FileMode.Open))
        {
            file.Position = Offset;
            Assert.Equal(change, await Files.Next(file, change.Length));
            file.Position = Offset;
            await file.WriteAsync((await Original(other.MountPath, Offset)).AsMemory());
        }
        Assert.Equal(original, await Files.Digest($"{container.MountPath}/srv/large"));
        await agent.Client.Remove(AgentFixture.Direct, "large");
        await agent.Client.Remove(AgentFixture.Direct, "large-other");
        await agent.Client.RemoveImage(AgentFixture.Direct, "e2e/large:1");
    }

    [Fact]
    public async Task A_deleted_file_is_gone_in_the_container_and_present_in_the_image()
    {
        var container = await agent.Container("deleter");
        var file = $"{container.MountPath}/etc/motd";
        var content = await File.ReadAllTextAsync(file);

        File.Delete(file);
        await agent.Client.Unmount(AgentFixture.Direct, "deleter");
        await agent.Client.Containers.MountAsync(new()
        {
            RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Container = "deleter",
        });

        Assert.False(File.Exists(file));
        var other = await agent.Container("deleter-other");
        Assert.Equal(content, await File.ReadAllTextAsync($"{other.MountPath}/etc/motd"));
        await agent.Client.Remove(AgentFixture.Direct, "deleter");
        await agent.Client.Remove(AgentFixture.Direct, "deleter-other");
    }

    [Fact]
    public async Task Ten_containers_of_one_image_cost_near_nothing()
    {
        await agent.Image();
        var names = Enumerable.Range(0, 10).Select(i => $"ten-{i}").ToList();
        var before = await agent.DirectMeter.UsedBlocks();

        foreach (var name in names)
            await agent.Client.Create(AgentFixture.Direct, name, AgentFixture.Debian, mount: false);
        Assert.Equal(before, await agent.DirectMeter.UsedBlocks());

        foreach (var name in names)
            await agent.Client.Containers.MountAsync(new()
            {
                RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Container = name,
            });
        // A mount writes the superblock and the journal's.
        Assert.InRange(await agent.DirectMeter.UsedBlocks() - before, 1UL, 10UL * 4);
        foreach (var name in names)
            await agent.Client.Remove(AgentFixture.Direct, name);
        Assert.Equal(before, await agent.DirectMeter.UsedBlocks());
    }

    private static async Task<byte[]> Original(string mount, int offset)
    {
        await using var file = File.OpenRead($"{mount}/srv/large");
        file.Position = offset;
        return await Files.Next(file, 4096);
    }

    private static long ReadFiles(string directory, long atLeast)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint,
        };
        var total = 0L;
        foreach (var path in Directory.EnumerateFiles(directory, "*", options))
        {
            total += File.ReadAllBytes(path).Length;
            if (total >= atLeast)
                break;
        }
        return total;
    }
}
