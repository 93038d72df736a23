using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Pools;

/// <summary>Containers write more than their pool has.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class WriteStormTests(AgentFixture agent)
{
    private const ulong MiB = 1UL << 20;

    /// <summary>How many seconds writers wait for a full pool; 0: without an end.</summary>
    private const string KernelsLimit = "/sys/module/dm_thin_pool/parameters/no_space_timeout";

    [Fact]
    public async Task With_a_spare_disk_writers_go_beyond_what_the_pool_had_and_see_no_error()
    {
        const string Pool = "storm-spare";
        using var disks = new FileDisks(agent, Pool);
        await CreatePool(Pool, disks);
        var spare = disks.Add("spare", 192);
        await agent.Client.Pools.ChangeSparesAsync(new ChangeSparesRequest
        {
            RequestId = AgentClient.NewId(), Pool = Pool, Add = { spare },
        });

        await MustTakeMoreThanItHas(Pool);
        Assert.Empty((await agent.Client.Show(Pool)).Spares);
        await agent.Client.RemovePool(Pool);
    }

    [Fact]
    public async Task With_a_volume_group_too()
    {
        const string Pool = "storm-volumes";
        using var disks = new FileDisks(agent, Pool);
        await CreatePool(Pool, disks);
        // The group that pool.extend of these tests names.
        await Shell.Must("/usr/sbin/pvcreate", "--quiet", disks.Add("group", 256));
        await Shell.Must("/usr/sbin/vgcreate", "--quiet", "storm-group", disks.Last);

        await MustTakeMoreThanItHas(Pool);
        await agent.Client.RemovePool(Pool);
        await Shell.Must("/usr/sbin/vgremove", "--quiet", "--force", "--yes", "storm-group");
    }

    [Fact]
    public async Task Without_one_the_agent_ends_the_wait_of_writers_by_an_error_and_room_heals_the_pool()
    {
        const string Pool = "storm-full";
        using var disks = new FileDisks(agent, Pool);
        await CreatePool(Pool, disks);
        var containers = await Several(Pool, 4);
        var other = containers[^1];
        var kept = await WriteDurably($"{other}/kept", (int)(8 * MiB), seed: 3);

        // pool.full-wait of the agent is two seconds. The kernel's own limit is taken away: an error is the agent's
        // doing.
        var limit = await File.ReadAllTextAsync(KernelsLimit);
        await File.WriteAllTextAsync(KernelsLimit, "0");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var writers = await Task.WhenAll(containers[..^1].Select(path => Shell.Run(
            "/usr/bin/dd", "if=/dev/urandom", $"of={path}/large", "bs=1M", "count=50", "conv=fsync", "status=none")));
        await File.WriteAllTextAsync(KernelsLimit, limit);
        Assert.Contains(writers, writer => writer.Status != 0);
        // No machine is too fast for this: the wait is the agent's.
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(1), $"writers got an error after {clock.Elapsed}");

        var full = await agent.Client.Show(Pool);
        Assert.Equal((PoolState.OutOfData, WhenFull.Error), (full.State, full.WhenFull));
        Assert.Contains("data free", full.StateCause, StringComparison.Ordinal);
        Assert.Equal(kept, await Files.Digest($"{other}/kept"));
        for (var i = 0; i < containers.Count - 1; i++)
            await agent.Client.Remove(Pool, $"c{i}");
        await Becomes(Pool, PoolState.Writable);
        await WriteDurably($"{other}/more", (int)(16 * MiB), seed: 5);
        Assert.Equal(kept, await Files.Digest($"{other}/kept"));
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
    }

    /// <summary>130 percent of it, by several at once.</summary>
    private async Task MustTakeMoreThanItHas(string pool)
    {
        var containers = await Several(pool, 4);
        var digests = await Task.WhenAll(containers.Select((path, i) =>
            Task.Run(() => WriteDurably($"{path}/large", (int)(42 * MiB), seed: i))));
        foreach (var (path, digest) in containers.Zip(digests))
            Assert.Equal(digest, await Files.Digest($"{path}/large"));
        var shown = await agent.Client.Show(pool);
        Assert.Equal(PoolState.Writable, shown.State);
        Assert.InRange(shown.Backing.Count(store => store.Role == BackingStore.Types.Role.Data), 2, 3);
        await agent.Client.MustAgree(pool);
    }

    private async Task CreatePool(string name, FileDisks disks) => await agent.Client.CreatePool(new CreatePoolRequest
    {
        Name = name,
        Direct = new DirectBacking
        {
            DataDevices = { disks.Add("data", 128) }, MetadataDevice = disks.Add("metadata", 16),
        },
    });

    private async Task<List<string>> Several(string pool, int count)
    {
        await agent.Client.Import(pool, await SmallImage.Write(pool), "small:1");
        var paths = new List<string>();
        for (var i = 0; i < count; i++)
            paths.Add((await agent.Client.Create(pool, $"c{i}", "small:1")).MountPath);
        return paths;
    }

    private static async Task<string> WriteDurably(string path, int length, int seed)
    {
        var digest = await Files.Write(path, length, seed);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        file.Flush(flushToDisk: true);
        return digest;
    }

    private async Task Becomes(string pool, PoolState wanted)
    {
        var shown = new PoolDetails();
        await Patience.Until(
            async () => (shown = await agent.Client.Show(pool)).State == wanted
                && (wanted != PoolState.Writable || shown.WhenFull == WhenFull.Queue),
            () => $"pool {pool} is {wanted}; it is {shown.State}");
    }

    /// <summary>Disks of a test's own: loop devices on files.</summary>
    private sealed class FileDisks(AgentFixture agent, string prefix) : IDisposable
    {
        private readonly List<LoopFile> _files = [];

        public string Add(string name, ulong mebibytes)
        {
            var file = new LoopFile($"{Places.State}/{prefix}-{name}.img");
            agent.Kernel.CreateFile(file, ByteSize.MiB(mebibytes)).Must();
            _files.Add(file);
            return Last = agent.Kernel.AttachLoop(file).Must().Value;
        }

        /// <summary>The one that was added last.</summary>
        public string Last { get; private set; } = "";

        public void Dispose()
        {
            foreach (var file in _files)
            {
                agent.Kernel.DetachLoop(file);
                agent.Kernel.DeleteFile(file);
            }
        }
    }
}
