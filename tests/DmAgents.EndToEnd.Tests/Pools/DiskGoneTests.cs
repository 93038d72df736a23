using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Units;
using DmAgents.EndToEnd.Tests.Support;
using PoolState = DmAgents.Api.Admin.V1.PoolState;

namespace DmAgents.EndToEnd.Tests.Pools;

/// <summary>A disk under a pool goes away and comes back: its mapping becomes "error", and is what it was again.
/// </summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class DiskGoneTests(AgentFixture agent) : IAsyncLifetime
{
    private const string Pool = "comes-back";

    private readonly FailingDisk _metadata = new(agent, "gone-metadata", ByteSize.MiB(32));
    private readonly FailingDisk _data = new(agent, "gone-data", ByteSize.MiB(320));

    public async Task InitializeAsync()
    {
        await agent.Client.CreatePool(new CreatePoolRequest
        {
            Name = Pool, Force = true,
            Direct = new DirectBacking { DataDevices = { _data.Path }, MetadataDevice = _metadata.Path },
        });
        await agent.Client.Import(Pool, await SmallImage.Write(Pool), "small:1");
    }

    public async Task DisposeAsync()
    {
        await agent.Client.RemovePool(Pool);
        _metadata.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task A_metadata_disk_that_comes_back_brings_the_pool_back_by_itself()
    {
        var container = await agent.Client.Create(Pool, "web", "small:1");
        var digest = await Files.Write($"{container.MountPath}/file", 2 << 20, seed: 3);
        await Shell.Must("sync", "-f", container.MountPath);

        await _metadata.Fail();
        await Shell.Run("dd", "if=/dev/zero", $"of={container.MountPath}/more", "bs=1M", "count=4", "conv=fsync");
        var gone = await Becomes(PoolState.Failed);
        Assert.Contains(_metadata.Path, gone.StateCause, StringComparison.Ordinal);
        await _metadata.Heal();

        await Becomes(PoolState.Writable);
        Assert.Equal(digest, await Files.Digest($"{container.MountPath}/file"));
        Assert.True((await Mount()).WasMounted);
        await File.WriteAllTextAsync($"{container.MountPath}/new", "written");
        await agent.Client.MustAgree(Pool);
    }

    [Fact]
    public async Task After_a_data_disk_came_back_a_repair_makes_the_pool_writable_again()
    {
        var container = await agent.Client.Create(Pool, "web", "small:1");
        var digest = await Files.Write($"{container.MountPath}/file", 2 << 20, seed: 4);
        await Shell.Must("sync", "-f", container.MountPath);

        await _data.Fail();
        await Shell.Run("dd", "if=/dev/zero", $"of={container.MountPath}/more", "bs=1M", "count=4", "conv=fsync");
        await _data.Heal();
        // Its file system met errors: it is unmounted before anything else.
        await agent.Client.Containers.UnmountAsync(new UnmountContainerRequest
        {
            RequestId = AgentClient.NewId(), Pool = Pool, Container = "web", Force = true,
        });
        await agent.Client.Pools.RepairAsync(
            new RepairPoolRequest { RequestId = AgentClient.NewId(), Pool = Pool });

        await Becomes(PoolState.Writable);
        await Mount();
        Assert.Equal(digest, await Files.Digest($"{container.MountPath}/file"));
        await File.WriteAllTextAsync($"{container.MountPath}/new", "written");
        await agent.Client.MustAgree(Pool);
    }

    private async Task<MountContainerReply> Mount() => await agent.Client.Containers.MountAsync(
        new MountContainerRequest { RequestId = AgentClient.NewId(), Pool = Pool, Container = "web" });

    private async Task<PoolDetails> Becomes(PoolState state)
    {
        var pool = new PoolDetails();
        await Patience.Until(
            async () => (pool = await agent.Client.Show(Pool)).State == state
                && (state != PoolState.Failed || pool.StateCause.Length > 0),
            () => $"the pool is {state}; it is {pool.State}: {pool.StateCause}");
        return pool;
    }
}
