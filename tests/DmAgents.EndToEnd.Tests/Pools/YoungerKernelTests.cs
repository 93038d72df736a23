using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;
using PoolState = DmAgents.Api.Admin.V1.PoolState;

namespace DmAgents.EndToEnd.Tests.Pools;

/// <summary>A pool whose file systems were made by a younger kernel and a younger agent than those that run.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class YoungerKernelTests(AgentFixture agent)
{
    private const string Feature = "metadir (from Linux 6.13 on)";

    /// <summary>XFS_SB_FEAT_INCOMPAT_METADIR, and the two of the agent's own format.</summary>
    private const string WithMetadir = "0x103";

    private readonly Dictionary<uint, byte[]> _superblocks = [];

    [Fact]
    public async Task It_is_opened_names_the_feature_and_refuses_mounts_by_it_until_a_kernel_knows_it()
    {
        await using var disk = await LoopDisk.Attach("younger", 640);
        await using var own = await OwnAgent.Start(
            agent, "younger", "file-system = xfs", disk: new DevicePath(disk.Path));
        var digest = await own.Make("web", seed: 6);
        await own.Stop();
        await Each(own, GiveMetadir);
        // As of an agent with another format: this one does not know what that has.
        Directory.Delete(own.Journal, recursive: true);
        var metadata = Directory.GetFiles($"{own.Places.Pool(own.Pool)}/metadata");
        foreach (var file in metadata)
            File.WriteAllText(file, File.ReadAllText(file).Replace("\"xfs-1\"", "\"xfs-9\"", StringComparison.Ordinal));
        await own.Restart();

        var adopted = await own.Client.Pools.AdoptAsync(
            new AdoptPoolRequest { RequestId = AgentClient.NewId(), Pool = own.Pool });

        Assert.Contains(Feature, Assert.Single(adopted.Findings).Why, StringComparison.Ordinal);
        await IsNamedAndRefused(own);
        await own.Process.Kill();
        await own.Restart();
        await IsNamedAndRefused(own);
        Assert.Empty((await own.Client.Show(own.Pool)).QuarantinedThinIds);

        await own.Stop();
        await Each(own, Restore);
        await own.Restart();
        Assert.Empty((await own.Client.Show(own.Pool)).FormatConcerns);
        await own.Client.MustAgree(own.Pool);
        Assert.Equal(digest, await own.Read("web"));
    }

    private static async Task IsNamedAndRefused(OwnAgent own)
    {
        var shown = await own.Client.Show(own.Pool);
        Assert.Equal(PoolState.Writable, shown.State);
        Assert.Contains(Feature, Assert.Single(shown.FormatConcerns), StringComparison.Ordinal);
        var problems = (await own.Client.Hosts.GetStatusAsync(new GetHostStatusRequest())).Problems;
        Assert.StartsWith("run Linux 6.13",
            Assert.Single(problems, found => found.What == "it cannot be mounted on this host").Next,
            StringComparison.Ordinal);
        foreach (var mount in new Func<Task>[]
        {
            () => own.Read("web"),
            () => own.Client.Create(own.Pool, "next", OwnAgent.Image),
        })
        {
            var refused = await AgentClient.Refused(Problem.Types.Kind.Failed, mount);
            Assert.Contains($"does not know the file system's {Feature}", refused.Why, StringComparison.Ordinal);
            Assert.Equal("run a kernel that knows what is named", refused.Next);
        }
        Assert.DoesNotContain(
            (await own.Client.Containers.ListAsync(new ListContainersRequest { Pool = own.Pool })).Containers,
            container => container.Name == "next");
    }

    /// <summary>Every device of the pool, which is live.</summary>
    private async Task Each(OwnAgent own, Func<uint, DevicePath, Task> change)
    {
        var pool = new PoolName(own.Pool);
        foreach (var id in own.Meter.ThinIds())
        {
            var table = new ThinTable(
                new MappedName($"younger-{id}"), new MappedUuid($"younger-{id}"), DeviceNames.Pool(pool),
                new ThinId(id), ByteSize.MiB(512).Sectors, ReadOnly: false);
            agent.Kernel.ActivateThin(table).Must();
            await change(id, table.Name.Path);
            Eventually.True(() => agent.Kernel.Remove(table.Name, deferred: false).Succeeded, "the device is closed");
        }
    }

    private async Task GiveMetadir(uint id, DevicePath device)
    {
        agent.Kernel.Read(device, ByteSize.Zero, _superblocks[id] = new byte[4096]).Must();
        // "-d": xfs_db does not know the feature either.
        await Shell.Must("/usr/sbin/xfs_db", "-x", "-c", "sb 0", "-c", $"write -d features_incompat {WithMetadir}",
            device.Value);
    }

    private Task Restore(uint id, DevicePath device)
    {
        agent.Kernel.Write(device, ByteSize.Zero, _superblocks[id]).Must();
        return Task.CompletedTask;
    }
}
