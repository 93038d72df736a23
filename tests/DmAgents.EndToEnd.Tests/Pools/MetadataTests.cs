using System.Security.Cryptography;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;
using Grpc.Core;
using Action = DmAgents.Api.Admin.V1.MendPlan.Types.Action;
using DeviceState = DmAgents.Api.Admin.V1.DeviceState;
using Fate = DmAgents.Api.Admin.V1.MendedDevice.Types.Fate;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;
using PoolState = DmAgents.Api.Admin.V1.PoolState;

namespace DmAgents.EndToEnd.Tests.Pools;

/// <summary>Metadata that are overwritten, marked by the kernel, or gone: what can be had again is there bit for bit,
/// and what is lost is told.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class MetadataTests(AgentFixture agent)
{
    private const ulong MiB = 1UL << 20;
    private const int BlockSize = 4096;

    [Fact]
    public async Task Overwritten_metadata_keep_the_pool_closed_and_a_repair_brings_all_of_it_back()
    {
        const string Pool = "repair-loop";
        var digest = await Make(Pool);
        var before = agent.Meter(Pool).ThinIds();
        await Down(Pool);
        OverwriteBitmaps(Pool);
        await agent.Agent.Restart(agent.Client);

        // Refused at the opening; refusal and check name the next step.
        var closed = await AgentClient.Refused(
            [Kind.Failed, Kind.TimedOut], () => agent.Client.Create(Pool, "more", "small:1"));
        var found = await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = Pool });
        Assert.False(found.Agrees);
        Assert.Contains($"dmagent pool repair-metadata {Pool}", closed.Next, StringComparison.Ordinal);
        Assert.Contains(found.Findings, finding => finding.Next.Contains("repair-metadata", StringComparison.Ordinal));
        var metadata = await File.ReadAllBytesAsync(MetadataOf(Pool));
        var (plan, nothing) = await Repair(Pool, execute: false);
        Assert.Null(nothing);
        Assert.Equal(Action.Replace, plan.Action);
        Assert.NotEmpty(plan.Verdict);
        Assert.Equal((uint)before.Count, plan.Whole);
        Assert.Empty(plan.Devices);
        Assert.Equal(metadata, await File.ReadAllBytesAsync(MetadataOf(Pool)));

        var (_, done) = await Repair(Pool, execute: true);

        Assert.True(done?.Agrees, $"{done}");
        Assert.Equal(PoolState.Writable, (await agent.Client.Show(Pool)).State);
        Assert.Equal(before, agent.Meter(Pool).ThinIds());
        await MustHold(Pool, digest);
        Assert.Equal(MetadataOf(Pool), Assert.Single((await agent.Client.Show(Pool)).KeptMetadata).Place);
        Assert.Equal(metadata, await File.ReadAllBytesAsync(MetadataOf(Pool)));
        await agent.Client.Pools.DiscardMetadataAsync(
            new DiscardMetadataRequest { RequestId = AgentClient.NewId(), Pool = Pool });
        Assert.False(File.Exists(MetadataOf(Pool)));
        await agent.Client.RemovePool(Pool);
        Assert.False(Directory.Exists(agent.Places.Pool(Pool)));
    }

    [Fact]
    public async Task Metadata_that_are_gone_are_made_of_a_backup()
    {
        const string Pool = "restore-loop";
        var digest = await Make(Pool);
        var backup = await agent.Client.Pools.BackUpAsync(new BackUpRequest { Pool = Pool });
        var listed = await agent.Client.Pools.ListBackupsAsync(new ListBackupsRequest { Pool = Pool });
        Assert.Equal(backup.Backup.Name, Assert.Single(listed.Backups).Name);
        Assert.Equal(backup.Backup.TransactionId, listed.Backups[0].TransactionId);
        Eventually.True(
            () => agent.Client.Pools.Show(new ShowPoolRequest { Pool = Pool }).LastBackup?.Name == backup.Backup.Name,
            "the backup is journaled");
        Eventually.True(
            () => agent.Client.Pools.Show(new ShowPoolRequest { Pool = Pool }).LastBackup is
            {
                Proof.WhyNot: "", LatestProved: var proved,
            } && proved == backup.Backup.Name,
            "the backup was restored on a copy");
        Assert.Empty(Directory.GetFiles(agent.Places.Pool(Pool), "scratch-*"));
        var later = await agent.Client.Create(Pool, "later", "small:1", mount: false);
        await Down(Pool);
        await using (var file = File.OpenWrite(MetadataOf(Pool)))
            await file.WriteAsync(new byte[4 * MiB]);
        await agent.Agent.Restart(agent.Client);

        // Nothing is left to be repaired, and that is not executed; a backup has it.
        var (hopeless, _) = await Repair(Pool, execute: false, orRefused: true);
        Assert.True(hopeless is null || hopeless.Obstacle.Contains("none of", StringComparison.Ordinal));
        var (plan, _) = await Repair(Pool, execute: false, backup: backup.Backup.Name);
        Assert.Equal([later.ThinId], plan.Devices.Where(d => d.Fate == Fate.Lost).Select(d => d.ThinId));
        Assert.Contains(plan.Warnings, warning => warning.Contains("other data", StringComparison.Ordinal));
        await Repair(Pool, execute: true, backup: backup.Backup.Name);

        await MustHold(Pool, digest);
        Assert.Equal(DeviceState.Lost, (await agent.Client.ShowContainer(Pool, "later")).State);
        await agent.Client.Create(Pool, "new", "small:1");
        await agent.Client.RemovePool(Pool);
    }

    [Fact]
    public async Task A_check_that_the_kernel_demands_is_done_and_the_pool_is_writable_again()
    {
        const string Pool = "mark-disk";
        var disk = new LoopFile($"{Places.State}/{Pool}.img");
        agent.Kernel.CreateFile(disk, ByteSize.MiB(256)).Must();
        var path = agent.Kernel.AttachLoop(disk).Must();
        await agent.Client.CreatePool(new CreatePoolRequest
        {
            Name = Pool, Force = true, SingleDisk = new SingleDiskBacking { Device = path.Value },
        });
        await agent.Client.Import(Pool, await SmallImage.Write("mark"), "small:1");
        var container = await agent.Client.Create(Pool, "web", "small:1");
        var digest = await Files.Write($"{container.MountPath}/file", 4 << 20, seed: 5);
        agent.Kernel.SyncFileSystem(new MountPath(container.MountPath)).Must();
        await agent.Client.Unmount(Pool, "web");

        // For a moment the disk below takes no writes but those of the superblock.
        var table = (await Shell.Must("/usr/sbin/dmsetup", "table", $"dmagents-{Pool}-meta")).Trim().Split(' ');
        var (length, below, start) = (ulong.Parse(table[1]), table[3], ulong.Parse(table[4]));
        await Shell.Must("/usr/sbin/modprobe", "dm-flakey");
        await Swap(Pool, $"0 8 linear {below} {start}\n"
            + $"8 {length - 8} flakey {below} {start + 8} 0 3600 1 error_writes\n");
        await Assert.ThrowsAsync<RpcException>(() => agent.Client.Create(Pool, "more", "small:1", mount: false));
        Eventually.True(
            () => agent.Client.Pools.Show(new ShowPoolRequest { Pool = Pool }).State
                is PoolState.NeedsCheck or PoolState.Failed or PoolState.ReadOnly,
            "the pool takes no changes");
        await Swap(Pool, string.Join(' ', table) + "\n");

        var found = await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = Pool });
        Assert.Contains(found.Findings, finding => finding.Next.Contains("repair-metadata", StringComparison.Ordinal));
        var (plan, _) = await Repair(Pool, execute: false);
        Assert.Contains(plan.Action, new[] { Action.ClearMark, Action.Reopen });
        await Repair(Pool, execute: true);

        Assert.Equal(PoolState.Writable, (await agent.Client.Show(Pool)).State);
        await agent.Client.MustAgree(Pool);
        var again = await agent.Client.Containers.MountAsync(new MountContainerRequest
        {
            RequestId = AgentClient.NewId(), Pool = Pool, Container = "web",
        });
        Assert.Equal(digest, await Files.Digest($"{again.Path}/file"));
        await agent.Client.RemovePool(Pool);
        agent.Kernel.DetachLoop(disk).Must();
        agent.Kernel.DeleteFile(disk).Must();
    }

    /// <summary>A loop pool with an image, and a container with a file, of which the digest is returned.</summary>
    private async Task<string> Make(string pool)
    {
        await agent.Client.CreateLoopPool(pool, 256 * MiB);
        await agent.Client.Import(pool, await SmallImage.Write(pool, dataLength: 8 << 20, seed: 3), "small:1");
        var container = await agent.Client.Create(pool, "web", "small:1");
        var digest = await Files.Write($"{container.MountPath}/file", 8 << 20, seed: 4);
        agent.Kernel.SyncFileSystem(new MountPath(container.MountPath)).Must();
        await agent.Client.Unmount(pool, "web");
        return digest;
    }

    /// <summary>The container's file, and that of the image below it, are what they were.</summary>
    private async Task MustHold(string pool, string digest)
    {
        await agent.Client.Containers.MountAsync(new MountContainerRequest
        {
            RequestId = AgentClient.NewId(), Pool = pool, Container = "web",
        });
        var mounted = (await agent.Client.ShowContainer(pool, "web")).MountPath;
        Assert.Equal(digest, await Files.Digest($"{mounted}/file"));
        var image = new byte[8 << 20];
        new Random(3).NextBytes(image);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(image)), await Files.Digest($"{mounted}/data"));
        await agent.Client.Unmount(pool, "web");
    }

    /// <summary>The agent ends, and the pool is taken down below it, as for a reboot.</summary>
    private async Task Down(string pool)
    {
        await agent.Agent.Terminate();
        Eventually.True(
            () => agent.Kernel.ClosePool(DeviceNames.Pool(new PoolName(pool))).Succeeded, "the pool is closed");
        agent.Kernel.DetachLoop(new LoopFile($"{agent.Places.Pool(pool)}/data.img")).Must();
        agent.Kernel.DetachLoop(new LoopFile(MetadataOf(pool))).Must();
    }

    /// <summary>Overwrites the root of the tree that tells which data blocks are free: data_space_map_root in the
    /// superblock, which begins with two numbers of blocks (kernel: struct disk_sm_root).</summary>
    private void OverwriteBitmaps(string pool)
    {
        using var file = File.Open(MetadataOf(pool), FileMode.Open);
        var superblock = new byte[BlockSize];
        file.ReadExactly(superblock);
        file.Position = (long)BitConverter.ToUInt64(superblock, 64 + 16) * BlockSize;
        file.Write(Enumerable.Repeat((byte)0xA5, BlockSize).ToArray());
    }

    private async Task<(MendPlan Plan, CheckPoolReply? Done)> Repair(
        string pool, bool execute, string? backup = null, bool orRefused = false)
    {
        var request = new MendMetadataRequest { RequestId = AgentClient.NewId(), Pool = pool, Execute = execute };
        if (backup is not null)
            request.Backup = backup;
        MendPlan? plan = null;
        CheckPoolReply? done = null;
        try
        {
            using var call = agent.Client.Pools.MendMetadata(request);
            await foreach (var reply in call.ResponseStream.ReadAllAsync())
                (plan, done) = (reply.Plan ?? plan, reply.Done ?? done);
        }
        catch (RpcException) when (orRefused)
        {
            return (null!, null);
        }
        Assert.NotNull(plan);
        return (plan, done);
    }

    private static async Task Swap(string pool, string table)
    {
        var path = $"{Places.Work}/{pool}.table";
        await File.WriteAllTextAsync(path, table);
        await Shell.Must("/bin/sh", "-c",
            $"export DM_DISABLE_UDEV=1; d=dmagents-{pool}-meta; "
                + $"dmsetup suspend $d && dmsetup load $d {path} && dmsetup resume $d");
    }

    private string MetadataOf(string pool) => $"{agent.Places.Pool(pool)}/metadata.img";
}
