using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Core;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.EndToEnd.Tests.Pools;

/// <summary>What device-mapper, LVM and the kernel make of disks of several shapes, and what the agent makes of that.
/// </summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class StackedDiskTests(AgentFixture agent)
{
    private const string Image = "small:1";

    /// <summary>The group that pool.extend of these tests names.</summary>
    private const string Group = "storm-group";

    [Fact]
    public async Task Of_a_volume_group_with_larger_sectors_only_a_volume_on_the_smaller_ones_is_taken()
    {
        const string Pool = "mixed-group";
        await using var disks = await Disks.Attach("group", 128);
        var (small, large) = (disks.Small, disks.Large);
        await Create(Pool, disks.Data.Path, disks.Metadata.Path);
        await Shell.Must("pvcreate", "--quiet", small.Path, large.Path);
        await Shell.Must(
            "vgcreate", "--quiet", "--config", "devices/allow_mixed_block_sizes=1", Group, small.Path, large.Path);
        var container = await agent.Client.Create(Pool, "web", Image);
        var other = await agent.Client.Create(Pool, "other", Image);
        var digest = await Files.Write($"{container.MountPath}/file", 1 << 20, seed: 5);

        for (var i = 0; await FreePercent(Pool) > 15; i++)
        {
            var path = (i % 2 == 0 ? container : other).MountPath;
            await Files.Write($"{path}/more-{i}", 4 << 20, seed: i);
            await Shell.Must("sync", "-f", path);
        }

        await Patience.Until(
            () => agent.Agent.Log.Contains(
                $"it runs low and is not extended: cannot grow pool: {large.Path}: it has sectors of 4 KiB",
                StringComparison.Ordinal),
            "the agent says why it does not extend the pool by the group");
        Assert.Equal("", (await Shell.Must("lvs", "--noheadings", Group)).Trim());
        await Volume("on-large", large);
        await MustBeRefused(Pool, $"/dev/{Group}/on-large");
        await Volume("on-small", small);
        await Grow(Pool, $"/dev/{Group}/on-small");
        Assert.Equal("", (await agent.Client.Show(Pool)).SectorConcern);
        Assert.Equal(digest, await Files.Digest($"{container.MountPath}/file"));
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
        await Shell.Must("vgremove", "--quiet", "--force", "--yes", Group);
        await Shell.Must("pvremove", "--quiet", small.Path, large.Path);
    }

    [Fact]
    public async Task A_linear_concatenation_has_the_larger_sectors_and_is_taken_only_from_the_beginning()
    {
        const string Pool = "concatenated";
        await using var disks = await Disks.Attach("concat", 64);
        await Create(Pool, disks.Data.Path, disks.Metadata.Path);
        await Shell.Must("dmsetup", "create", "test-concat", "--table",
            $"0 131072 linear {disks.Small.Path} 0\n131072 131072 linear {disks.Large.Path} 0");

        await MustBeRefused(Pool, "/dev/mapper/test-concat");
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);

        var made = await Create(Pool, "/dev/mapper/test-concat", disks.Metadata.Path, force: true);
        Assert.Equal(4096ul, made.SectorSizeBytes);
        await agent.Client.Create(Pool, "web", Image);
        // Its devices have the larger ones already.
        await using var more = await LoopDisk.Attach("concat-more", 64, sector: 4096);
        await Grow(Pool, more.Path);
        await Grow(Pool, disks.Data.Path);
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
        await Shell.Must("dmsetup", "remove", "test-concat");
    }

    [Fact]
    public async Task A_pool_of_another_owner_that_grows_by_larger_sectors_is_reported_and_its_xfs_survives()
    {
        const string Pool = "foreign";
        await using var metadata = await LoopDisk.Attach("foreign-metadata", 16);
        await using var small = await LoopDisk.Attach("foreign-small", 400);
        await using var large = await LoopDisk.Attach("foreign-large", 64, sector: 4096);
        await Shell.Must("dmsetup", "create", "test-data", "--table", $"0 819200 linear {small.Path} 0");
        await Shell.Must("dmsetup", "create", "test-foreign", "--table",
            $"0 819200 thin-pool {metadata.Path} /dev/mapper/test-data 128 1024");
        await agent.Client.CreatePool(new CreatePoolRequest
        {
            Name = Pool, FileSystem = FileSystem.Xfs, Existing = new ExistingBacking { DmName = "test-foreign" },
        });
        await agent.Client.Import(Pool, await SmallImage.Write(Pool), Image);
        var container = await agent.Client.Create(Pool, "web", Image);
        var digest = await Files.Write($"{container.MountPath}/file", 1 << 20, seed: 6);
        await agent.Client.Unmount(Pool, "web");

        await Reload("test-data", $"0 819200 linear {small.Path} 0\n819200 131072 linear {large.Path} 0");
        await Reload("test-foreign", $"0 950272 thin-pool {metadata.Path} /dev/mapper/test-data 128 1024");

        Assert.Equal(0, await agent.Agent.Terminate());
        await agent.Agent.Restart(agent.Client);

        Assert.Contains("4 KiB", (await agent.Client.Show(Pool)).SectorConcern, StringComparison.Ordinal);
        await agent.Client.Containers.MountAsync(
            new MountContainerRequest { RequestId = AgentClient.NewId(), Pool = Pool, Container = "web" });
        Assert.Equal(digest, await Files.Digest($"{container.MountPath}/file"));
        await agent.Client.RemovePool(Pool);
        await Shell.Must("dmsetup", "remove", "test-foreign");
        await Shell.Must("dmsetup", "remove", "test-data");
    }

    [Fact]
    public async Task A_disk_that_is_misaligned_and_removable_is_taken_and_both_are_reported()
    {
        const string Pool = "misaligned";
        await using var metadata = await LoopDisk.Attach("misaligned-metadata", 16);
        // A disk of 4 KiB inside with sectors of 512 bytes, of which the second begins a physical block.
        await Shell.Must("modprobe", "sd_mod");
        await Shell.Must(
            "modprobe", "scsi_debug", "dev_size_mb=128", "physblk_exp=3", "lowest_aligned=1", "removable=1");
        var disk = "";
        await Patience.Until(
            () => (disk = Directory.GetDirectories("/sys/block", "sd*").Select(Path.GetFileName).FirstOrDefault(
                name => File.ReadAllText($"/sys/block/{name}/device/model").StartsWith(
                    "scsi_debug", StringComparison.Ordinal)) ?? "").Length > 0,
            "the disk is there");

        var steps = new List<string>();
        using (var call = agent.Client.Pools.Create(new CreatePoolRequest
        {
            RequestId = AgentClient.NewId(), Name = Pool,
            Direct = new DirectBacking { DataDevices = { $"/dev/{disk}" }, MetadataDevice = metadata.Path },
        }))
        {
            await foreach (var reply in call.ResponseStream.ReadAllAsync())
                steps.Add(reply.Step?.What ?? "");
        }

        Assert.Contains(steps, step => step.EndsWith(
            "does not begin on a physical block of 4 KiB: writes are slow", StringComparison.Ordinal));
        Assert.Contains(steps, step => step.Contains("can be taken out", StringComparison.Ordinal));
        await agent.Client.Import(Pool, await SmallImage.Write(Pool), Image);
        var container = await agent.Client.Create(Pool, "web", Image);
        Assert.Equal(SmallImage.Text, await File.ReadAllTextAsync($"{container.MountPath}/etc/name"));
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
        await Shell.Must("rmmod", "scsi_debug");
    }

    private async Task<PoolDetails> Create(string name, string data, string metadata, bool force = false)
    {
        var made = await agent.Client.CreatePool(new CreatePoolRequest
        {
            Name = name, Force = force,
            Direct = new DirectBacking { DataDevices = { data }, MetadataDevice = metadata },
        });
        await agent.Client.Import(name, await SmallImage.Write(name), Image);
        return made;
    }

    /// <summary>For a growth and as a spare, with the reason and what works instead.</summary>
    private async Task MustBeRefused(string pool, string disk)
    {
        Problem[] refused =
        [
            await AgentClient.Refused(Kind.Refused, () => Grow(pool, disk)),
            await AgentClient.Refused(Kind.Refused, async () => await agent.Client.Pools.ChangeSparesAsync(
                new ChangeSparesRequest { RequestId = AgentClient.NewId(), Pool = pool, Add = { disk } })),
        ];
        Assert.All(refused, problem =>
        {
            Assert.Contains($"it has sectors of 4 KiB, and pool {pool} has sectors of 512 B", problem.Why,
                StringComparison.Ordinal);
            Assert.Contains("choose a disk with sectors of 512 B", problem.Next, StringComparison.Ordinal);
        });
    }

    private async Task Grow(string pool, string disk) => await agent.Client.Pools.GrowAsync(new GrowPoolRequest
    {
        RequestId = AgentClient.NewId(), Pool = pool, AddDevice = disk, Force = true,
        Part = GrowPoolRequest.Types.Part.Data,
    });

    private async Task<double> FreePercent(string pool)
    {
        var data = (await agent.Client.Show(pool)).Data;
        return 100.0 * data.FreeBytes / data.TotalBytes;
    }

    private static Task<string> Volume(string name, LoopDisk on) => Shell.Must(
        "lvcreate", "--quiet", "--yes", "--zero", "n", "--wipesignatures", "n", "--size", "64M", "--name", name, Group,
        on.Path);

    private static async Task Reload(string name, string table)
    {
        await Shell.Must("dmsetup", "load", name, "--table", table);
        await Shell.Must("dmsetup", "suspend", name);
        await Shell.Must("dmsetup", "resume", name);
    }

    /// <summary>The disks of a pool, and two that it does not have: with sectors of 512 bytes, and of 4 KiB.</summary>
    private sealed record Disks(LoopDisk Data, LoopDisk Metadata, LoopDisk Small, LoopDisk Large) : IAsyncDisposable
    {
        public static async Task<Disks> Attach(string prefix, int mebibytes) => new(
            await LoopDisk.Attach($"{prefix}-data", 128),
            await LoopDisk.Attach($"{prefix}-metadata", 16),
            await LoopDisk.Attach($"{prefix}-small", mebibytes),
            await LoopDisk.Attach($"{prefix}-large", mebibytes, sector: 4096));

        public async ValueTask DisposeAsync()
        {
            await Large.DisposeAsync();
            await Small.DisposeAsync();
            await Metadata.DisposeAsync();
            await Data.DisposeAsync();
        }
    }
}
