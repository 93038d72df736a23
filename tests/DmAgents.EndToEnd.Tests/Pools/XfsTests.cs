using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Pools;

/// <summary>A pool whose layers are xfs.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class XfsTests(AgentFixture agent)
{
    private const string Pool = "xfs";
    private const ulong MiB = 1UL << 20;

    [Fact]
    public async Task Import_containers_growth_and_commit_under_load_work_on_xfs()
    {
        await agent.Client.CreateLoopPool(Pool, 768 * MiB, FileSystem.Xfs);
        await agent.Client.Import(Pool, await SmallImage.Write("xfs", dataLength: 4 << 20, seed: 8), "small:1");
        // Two beside each other: all snapshots have one uuid, of which xfs mounts one only, unless told otherwise.
        var one = await agent.Client.Create(Pool, "one", "small:1");
        var two = await agent.Client.Create(Pool, "two", "small:1", size: 768 * MiB);
        Assert.Equal(FileSystem.Xfs, one.FileSystem);
        Assert.Equal("xfs", new DriveInfo(one.MountPath).DriveFormat);
        Assert.Equal(SmallImage.Text, await File.ReadAllTextAsync($"{two.MountPath}/etc/name"));
        await using var writer = new Writer(one.MountPath);
        await writer.Advance(5);

        await agent.Client.Commit(Pool, "one", "live:1");
        await writer.Advance(5);
        await writer.MustBeUnharmed();

        // A frozen xfs keeps its log: what was open has to be found after a crash. A mount plays it back.
        var copy = await agent.Client.Create(Pool, "copy", "live:1");
        Assert.Equal(SmallImage.Text, await File.ReadAllTextAsync($"{copy.MountPath}/etc/name"));
        Assert.True(new FileInfo($"{copy.MountPath}/written").Length >= 5 * 16 * 1024);
        await agent.Client.Unmount(Pool, "copy");
        await using (var device = RawDevice.Activate(agent.Kernel, await agent.Client.ShowContainer(Pool, "copy")))
            await device.MustBeSound("/usr/sbin/xfs_repair", "-n");
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
    }

    [Fact]
    public async Task A_mounted_container_on_xfs_grows()
    {
        const string Grown = "xfs-grown";
        await agent.Client.CreateLoopPool(Grown, 1024 * MiB, FileSystem.Xfs);
        await agent.Client.Pools.GrowAsync(new GrowPoolRequest
        {
            RequestId = AgentClient.NewId(), Pool = Grown, BySizeBytes = 256 * MiB,
        });
        await agent.Client.Import(Grown, await SmallImage.Write("xfs-grown"), "small:1");
        var container = await agent.Client.Create(Grown, "growing", "small:1");
        var before = new DriveInfo(container.MountPath).TotalSize;
        await using var writer = new Writer(container.MountPath);
        await writer.Advance(5);

        await agent.Client.Containers.ResizeAsync(new()
        {
            RequestId = AgentClient.NewId(), Pool = Grown, Container = "growing",
            SizeBytes = container.SizeBytes + (128 * MiB),
        });

        await writer.Advance(5);
        Assert.InRange(new DriveInfo(container.MountPath).TotalSize - before, 120 * (long)MiB, 128 * (long)MiB);
        await writer.MustBeUnharmed();
        await agent.Client.RemovePool(Grown);
    }
}
