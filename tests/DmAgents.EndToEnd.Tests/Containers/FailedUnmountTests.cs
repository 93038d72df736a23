using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Units;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Core;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.EndToEnd.Tests.Containers;

/// <summary>An unmount meets a disk that fails, on a real kernel: an answer says "mounted" only of what is mounted, and
/// "unmounted" only if the disk has what was written.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class FailedUnmountTests(AgentFixture agent)
{
    private const string Image = "small:1";

    [Theory]
    [InlineData(FileSystem.Ext4, false)]
    [InlineData(FileSystem.Ext4, true)]
    [InlineData(FileSystem.Xfs, false)]
    public async Task A_container_on_a_disk_that_fails_is_never_called_mounted_while_its_directory_is_empty(
        FileSystem fileSystem, bool canBeRead)
    {
        var pool = $"failing-{fileSystem.ToString().ToLowerInvariant()}-{(canBeRead ? "writes" : "all")}";
        using var metadata = new FailingDisk(agent, $"{pool}-metadata", ByteSize.MiB(32));
        using var data = new FailingDisk(agent, $"{pool}-data", ByteSize.MiB(400));
        await agent.Client.CreatePool(new CreatePoolRequest
        {
            Name = pool, FileSystem = fileSystem,
            Direct = new DirectBacking { DataDevices = { data.Path }, MetadataDevice = metadata.Path },
        });
        await agent.Client.Import(pool, await SmallImage.Write(pool), Image);
        var (container, digest) = await Synced(pool);
        await File.WriteAllTextAsync($"{container.MountPath}/lost", "no disk has it");

        await (canBeRead ? data.FailWrites() : data.Fail());

        var refused = await AgentClient.Refused(Kind.Failed, () => agent.Client.Unmount(pool, "web"));
        Assert.Contains("(errno 5)", refused.Why, StringComparison.Ordinal);
        await MustSayWhatIsSo(container, digest);
        Assert.False(IsMounted(container));
        // Its device may refuse a flush once more.
        await Unmount(container);
        await AgentClient.Refused(Kind.Failed, () => Mount(container));
        await MustSayWhatIsSo(container, digest);

        await data.Heal();
        await agent.Client.Pools.RepairAsync(new RepairPoolRequest { RequestId = AgentClient.NewId(), Pool = pool });
        await Mount(container);
        await MustSayWhatIsSo(container, digest);
        Assert.True((await Mount(container)).WasMounted);
        await File.WriteAllTextAsync($"{container.MountPath}/new", "written");
        await agent.Client.MustAgree(pool);
        await agent.Client.RemovePool(pool);
    }

    [Fact]
    public async Task What_is_lost_below_a_container_is_reported_by_its_unmount_and_the_next_mount_has_the_rest()
    {
        const string Pool = "failing-device";
        await agent.Client.CreateLoopPool(Pool, 256UL << 20);
        await agent.Client.Import(Pool, await SmallImage.Write(Pool), Image);
        var (container, digest) = await Synced(Pool);
        await File.WriteAllTextAsync($"{container.MountPath}/lost", "no disk has it");
        // By hand: the pool's disks are in order, and the container's device has lost its pool.
        var sectors = container.SizeBytes / 512;
        await Shell.Must("dmsetup", "load", container.DmName, "--table", $"0 {sectors} error");
        await Shell.Must("dmsetup", "suspend", "--noflush", "--nolockfs", container.DmName);
        await Shell.Must("dmsetup", "resume", container.DmName);

        var check = await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = Pool });
        var found = Assert.Single(check.Findings);
        Assert.Equal(("web", "it maps another device"), (found.Object, found.What));

        var refused = await AgentClient.Refused(Kind.Failed, () => agent.Client.Unmount(Pool, "web"));

        Assert.Contains("the disk does not have all that was written", refused.Why, StringComparison.Ordinal);
        Assert.False(IsMounted(container));
        var mount = await AgentClient.Refused(Kind.Failed, () => Mount(container));
        Assert.Contains("maps another device", mount.Why, StringComparison.Ordinal);
        await MustSayWhatIsSo(container, digest);
        // This removes the device, and the mount makes it anew.
        await Patience.Until(() => Unmount(container), "the device that has lost its pool is removed");
        Assert.False((await Mount(container)).WasMounted);
        await MustSayWhatIsSo(container, digest);
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
    }

    /// <summary>A mounted container with a file that the disk has.</summary>
    private async Task<(Container Container, string Digest)> Synced(string pool)
    {
        var container = await agent.Client.Create(pool, "web", Image);
        var digest = await Files.Write($"{container.MountPath}/file", 2 << 20, seed: 3);
        await Shell.Must("sync", "-f", container.MountPath);
        return (container, digest);
    }

    /// <summary>Asks for the mount: what is acknowledged is there, and the directory below stays empty.</summary>
    private async Task MustSayWhatIsSo(Container container, string digest)
    {
        try
        {
            await Mount(container);
            Assert.True(IsMounted(container));
            Assert.Equal(digest, await Files.Digest($"{container.MountPath}/file"));
        }
        catch (RpcException refused) when (refused.StatusCode != StatusCode.Unavailable)
        {
            if (!IsMounted(container))
                Assert.Empty(Directory.EnumerateFileSystemEntries(container.MountPath));
        }
        var check = await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = container.Pool });
        var wanted = (await agent.Client.ShowContainer(container.Pool, "web")).State == DeviceState.Mounted;
        if (wanted && !IsMounted(container))
            Assert.Contains(check.Findings, found => found.Object == "web");
    }

    /// <returns>False if a flush has failed.</returns>
    private async Task<bool> Unmount(Container container)
    {
        try
        {
            await agent.Client.Unmount(container.Pool, "web");
            return true;
        }
        catch (RpcException refused) when (refused.StatusCode != StatusCode.Unavailable)
        {
            Assert.Contains("errno 5", refused.Status.Detail, StringComparison.Ordinal);
            return false;
        }
    }

    private async Task<MountContainerReply> Mount(Container container) => await agent.Client.Containers.MountAsync(
        new MountContainerRequest { RequestId = AgentClient.NewId(), Pool = container.Pool, Container = "web" });

    private static bool IsMounted(Container container) =>
        File.ReadAllText("/proc/mounts").Contains($" {container.MountPath} ", StringComparison.Ordinal);
}
