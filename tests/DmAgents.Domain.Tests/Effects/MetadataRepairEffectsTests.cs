using System.IO.Compression;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Files;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Effects;

/// <summary>Metadata that are damaged, marked, or made of a backup; and the agent dies at every step of it.</summary>
public sealed class MetadataRepairEffectsTests
{
    private static readonly MetadataSource Present = new MetadataSource.Present();
    private static readonly BackupName Backup = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private static readonly MetadataShape Shape = new(new TransactionId(7), PoolBlockSize.Default, 1024);

    public static TheoryData<bool> Kinds => [false, true];

    [Theory, MemberData(nameof(Kinds))]
    public void Damaged_metadata_are_repaired_beside_whatever_step_the_agent_dies_at(bool isLoop)
    {
        for (var dieAt = 0; ; dieAt++)
        {
            var pool = Broken(isLoop, out var lost);
            var died = !Repair(pool, Present, dieAt, out var outcome);
            if (died)
            {
                // Nothing of the pool has changed: the next opening finds what was found before.
                Assert.True(Assembly(pool, pool.Context).CheckMetadata().FailedWith(KernelFault.Invalid));
                Assert.True(Repair(pool, Present, dieAt: null, out outcome));
            }
            var ready = Assert.IsType<MetadataRepairOutcome.Ready>(outcome);
            Assert.DoesNotContain(lost, ready.Content.Thins.Select(thin => thin.Id));
            var repaired = pool.Context with { Identity = pool.Context.Identity with { Backing = ready.Backing } };
            Assert.Equal(KernelResult.Done, Assembly(pool, repaired).CheckMetadata());
            Assert.Equal(KernelResult.Done, Assembly(pool, repaired).Open());
            Assert.Equal(ready.Content.Thins.Select(thin => thin.Id), pool.Thins);
            // The present ones are as they were, for whoever knows more.
            var kept = KeptMetadata.Of(pool.Context.Identity.Backing, default)!;
            Assert.Equal(KernelResult.Done, MetadataDevice(pool, repaired).Discard(kept));
            Assert.Equal(KernelResult.Done, MetadataDevice(pool, repaired).Discard(kept));
            if (!died)
                break;
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_mark_is_cleared_whatever_step_the_agent_dies_at(bool isLoop)
    {
        for (var dieAt = 0; ; dieAt++)
        {
            var pool = new TestPool(isLoop: isLoop);
            pool.Container(2, "web");
            pool.Simulated.BreakMetadata(pool.Context.Device);
            var died = !Repair(pool, Present, dieAt, out var outcome);
            if (died)
                Assert.True(Repair(pool, Present, dieAt: null, out outcome));

            Assert.IsType<MetadataRepairOutcome.Sound>(outcome);
            Assert.Equal(KernelResult.Done, Assembly(pool, pool.Context).Open());
            Assert.Equal(PoolMode.ReadWrite, pool.Simulated.PoolStatus(pool.Context.Device).Value.Mode);
            if (!died)
                break;
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Metadata_are_made_of_a_backup_although_the_present_ones_are_gone(bool isLoop)
    {
        var pool = new TestPool(isLoop: isLoop);
        var web = pool.Container(2, "web");
        Assert.True(new BackupEffects(pool.Kernel, pool.Files, pool.Context).Make(Backup).Succeeded);
        pool.Container(3, "later");
        Assert.Equal(KernelResult.Done, Repairing(pool).TakeDown(false));
        Wipe(pool);

        Assert.True(Repair(pool, new MetadataSource.Backup(Backup), dieAt: null, out var outcome));

        var ready = Assert.IsType<MetadataRepairOutcome.Ready>(outcome);
        var repaired = pool.Context with { Identity = pool.Context.Identity with { Backing = ready.Backing } };
        Assert.Equal(KernelResult.Done, Assembly(pool, repaired).Open());
        Assert.Equal([new ThinId(1), web.Id], pool.Thins);
    }

    [Fact]
    public void A_backup_that_is_damaged_or_missing_changes_nothing()
    {
        var pool = new TestPool();
        pool.Files.Replace($"{pool.Context.Paths.BackupDirectory}/{Backup.FileName}", [1, 2, 3]);

        Assert.True(Repair(pool, new MetadataSource.Backup(Backup), dieAt: null, out var damaged));
        Assert.IsType<MetadataRepairOutcome.Failed>(damaged);
        var other = new BackupName(Backup.At.AddDays(1));
        Assert.True(Repair(pool, new MetadataSource.Backup(other), dieAt: null, out var missing));
        Assert.Equal(KernelFault.NotFound, Assert.IsType<MetadataRepairOutcome.Failed>(missing).Error.Fault);

        Assert.Equal(KernelResult.Done, Assembly(pool, pool.Context).CheckMetadata());
    }

    [Fact]
    public void A_backup_of_another_pool_is_refused_and_one_that_does_not_tell_is_taken()
    {
        var pool = new TestPool();
        pool.Container(2, "web");
        var other = pool.Context with { Identity = pool.Context.Identity with { Uuid = new PoolUuid(Guid.NewGuid()) } };
        Assert.True(new BackupEffects(pool.Kernel, pool.Files, other).Make(Backup).Succeeded);

        var refused = Refused(pool);

        Assert.Equal(KernelFault.Invalid, refused.Fault);
        Assert.Contains($"{other.Identity.Uuid}", refused.Detail, StringComparison.Ordinal);
        // The text alone, as in backups that do not tell whose they are.
        var path = $"{pool.Context.Paths.BackupDirectory}/{Backup.FileName}";
        using var text = new MemoryStream();
        using (var compressed = new GZipStream(text, CompressionLevel.Fastest, leaveOpen: true))
        {
            new GZipStream(new MemoryStream(pool.Files.Read(path).Value), CompressionMode.Decompress)
                .CopyTo(compressed);
        }
        pool.Files.Replace(path, text.ToArray());
        Assert.True(Repair(pool, new MetadataSource.Backup(Backup), dieAt: null, out var outcome));
        Assert.IsType<MetadataRepairOutcome.Ready>(outcome);
    }

    [Fact]
    public void A_backup_with_blocks_of_another_size_is_refused()
    {
        var pool = new TestPool();
        pool.Container(2, "web");
        Assert.True(new BackupEffects(pool.Kernel, pool.Files, pool.Context).Make(Backup).Succeeded);

        var refused = Refused(pool, new PoolBlockSize(ByteSize.KiB(128)));

        Assert.Equal(KernelFault.Invalid, refused.Fault);
        Assert.Contains("blocks of 64 KiB, and this one has 128 KiB", refused.Detail, StringComparison.Ordinal);
    }

    /// <summary>Neither a look nor a restore accepts the backup, and the present metadata stay.</summary>
    private static KernelError Refused(TestPool pool, PoolBlockSize? blockSize = null)
    {
        var context = pool.Context with
        {
            Identity = pool.Context.Identity with { BlockSize = blockSize ?? pool.Context.Identity.BlockSize },
        };
        var source = new MetadataSource.Backup(Backup);
        var looked = new LookEffects(pool.Kernel, pool.Files, context).Look(source, Shape);
        Assert.False(looked.Succeeded);
        var repair = new MetadataRepairEffects(pool.Kernel, pool.Files, context);
        Assert.Equal(KernelResult.Done, repair.TakeDown(evenMounted: false));
        var next = Assert.IsType<BackingPlan.Planned>(new BackingPlanner(pool.Simulated).PlanMetadata(
            context.Identity, [], [TestPool.Spare], into: null, force: false, "cannot restore metadata")).Backing;
        var failed = Assert.IsType<MetadataRepairOutcome.Failed>(repair.Repair(source, next, Shape));
        Assert.Equal(looked.Error!.Fault, failed.Error.Fault);
        Assert.Equal(KernelResult.Done, Assembly(pool, pool.Context).CheckMetadata());
        return failed.Error;
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_look_tells_what_a_repair_would_leave_and_touches_nothing(bool isLoop)
    {
        var pool = Broken(isLoop, out var lost);
        var look = new LookEffects(pool.Kernel, pool.Files, pool.Context);

        var found = look.Look(Present, Shape).Value;

        Assert.NotNull(found.Verdict);
        Assert.Equal([new ThinId(1), new ThinId(2)], found.Result!.Thins.Select(thin => thin.Id));
        Assert.DoesNotContain(lost, found.Result.Thins.Select(thin => thin.Id));
        Assert.True(Assembly(pool, pool.Context).CheckMetadata().FailedWith(KernelFault.Invalid));
        Assert.All(["old", "new", "text"], part => Assert.True(
            pool.Simulated.InspectFile(pool.Context.Paths.ScratchFile(part)).FailedWith(KernelFault.NotFound)));
    }

    [Fact]
    public void A_look_at_a_live_pool_that_takes_no_changes_finds_its_mark()
    {
        var pool = new TestPool();
        pool.Container(2, "web", DeviceUse.Mounted);
        pool.Simulated.BreakMetadata(pool.Context.Device);

        var found = new LookEffects(pool.Kernel, pool.Files, pool.Context).Look(Present, Shape).Value;

        Assert.Null(found.Verdict);
        Assert.Null(found.Result);
        Assert.True(found.Present!.NeedsCheck);
        Assert.True(pool.Simulated.Find(pool.Context.Device).Succeeded);
    }

    [Fact]
    public void A_look_that_died_is_cleaned_up_by_the_next()
    {
        for (var dieAt = 0; ; dieAt++)
        {
            var pool = Broken(isLoop: false, out _);
            var look = new LookEffects(pool.Kernel, pool.Files, pool.Context);
            var died = DiesAt(pool, dieAt, () => Assert.True(look.Look(Present, Shape).Succeeded));

            Assert.Equal(2, look.Look(Present, Shape).Value.Result!.Thins.Length);
            if (!died)
                break;
        }
    }

    [Fact]
    public void A_look_that_could_fill_the_disk_of_the_journal_is_refused()
    {
        var pool = new TestPool();
        Assert.True(new BackupEffects(pool.Kernel, pool.Files, pool.Context).Make(Backup).Succeeded);
        pool.Simulated.HostCapacity = ByteSize.MiB(256);
        var look = new LookEffects(pool.Kernel, pool.Files, pool.Context);

        Assert.All(
            [Present, new MetadataSource.Backup(Backup)],
            source => Assert.True(look.Look(source, Shape).FailedWith(KernelFault.NoSpace)));

        Assert.All(["old", "new", "text"], part => Assert.True(
            pool.Simulated.InspectFile(pool.Context.Paths.ScratchFile(part)).FailedWith(KernelFault.NotFound)));
    }

    [Fact]
    public void A_text_that_a_crash_left_is_in_nobodys_way_and_goes()
    {
        var pool = new TestPool();
        Assert.True(new BackupEffects(pool.Kernel, pool.Files, pool.Context).Make(Backup).Succeeded);
        var text = pool.Context.Paths.ScratchFile("text");
        Assert.True(pool.Simulated.CreateFile(text, ByteSize.MiB(1)).Succeeded);

        Assert.True(Repair(pool, new MetadataSource.Backup(Backup), dieAt: null, out var outcome));

        Assert.IsType<MetadataRepairOutcome.Ready>(outcome);
        Assert.True(pool.Simulated.InspectFile(text).FailedWith(KernelFault.NotFound));
        Assert.True(pool.Simulated.CreateFile(text, ByteSize.MiB(1)).Succeeded);
        Assert.True(new LookEffects(pool.Kernel, pool.Files, pool.Context).Clean().Succeeded);
        Assert.True(pool.Simulated.InspectFile(text).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void A_device_that_somebody_has_open_keeps_the_pool_from_being_taken_down()
    {
        var pool = new TestPool();
        var web = pool.Container(2, "web", DeviceUse.Active);
        var repair = new MetadataRepairEffects(pool.Kernel, pool.Files, pool.Context);
        using (pool.Simulated.HoldDevice(pool.Context.NameOf(web.Id).Path))
            Assert.True(repair.TakeDown(evenMounted: false).FailedWith(KernelFault.Busy));

        Assert.Equal(KernelResult.Done, repair.TakeDown(evenMounted: false));

        Assert.Empty(pool.Simulated.ListDevices(DeviceNames.UuidPrefix).Value);
    }

    /// <summary>A pool that is down, with a base, "web" and a container that no repair finds.</summary>
    /// <summary>A disk's name may lead to another disk one day, or its disk be given to somebody.</summary>
    [Fact]
    public void Kept_metadata_on_a_disk_that_is_another_pools_by_now_are_not_zeroed()
    {
        var pool = new TestPool();
        var disks = (PoolBacking.Disks)pool.Context.Identity.Backing;
        Assert.Equal(KernelResult.Done, Repairing(pool).TakeDown(false));
        var other = new DiskLabel(new PoolUuid(Guid.NewGuid()), new PoolName("other"), Guid.NewGuid()).ToBytes();
        var metadata = disks.Metadata[0];
        Assert.Equal(KernelResult.Done, pool.Kernel.Write(metadata.Disk, ByteSize.Zero, other));
        var before = Read(pool, metadata);

        Assert.Equal(KernelResult.Done, MetadataDevice(pool, pool.Context).Discard(KeptMetadata.Of(disks, default)!));

        Assert.Contains(before, b => b != 0);
        Assert.Equal(before, Read(pool, metadata));
        Assert.Equal(other, Read(pool, metadata with { Start = default })[..other.Length]);
    }

    [Fact]
    public void A_backup_is_not_restored_beside_blocks_on_a_disk_that_is_not_the_pools()
    {
        var pool = new TestPool();
        pool.Container(2, "web");
        Assert.True(new BackupEffects(pool.Kernel, pool.Files, pool.Context).Make(Backup).Succeeded);
        Assert.Equal(KernelResult.Done, Repairing(pool).TakeDown(false));
        var data = ((PoolBacking.Disks)pool.Context.Identity.Backing).Data[0];
        var foreign = Enumerable.Repeat((byte)0x42, 4096).ToArray();
        Assert.Equal(KernelResult.Done, pool.Kernel.Write(data.Disk, ByteSize.Zero, foreign));

        Assert.True(Repair(pool, new MetadataSource.Backup(Backup), dieAt: null, out var outcome));

        var failed = Assert.IsType<MetadataRepairOutcome.Failed>(outcome);
        Assert.Contains("label", failed.Error.Detail, StringComparison.Ordinal);
        Assert.Equal(foreign, Read(pool, data with { Start = default }));
    }

    private static byte[] Read(TestPool pool, DiskPart part)
    {
        var bytes = new byte[4096];
        Assert.Equal(KernelResult.Done, pool.Kernel.Read(part.Disk, part.Start.Bytes, bytes));
        return bytes;
    }

    private static TestPool Broken(bool isLoop, out ThinId lost)
    {
        var pool = new TestPool(isLoop: isLoop);
        pool.Container(2, "web");
        lost = pool.Container(3, "lost").Id;
        Assert.Equal(KernelResult.Done, Repairing(pool).TakeDown(false));
        var metadata = MetadataDevice(pool, pool.Context).Attach().Value;
        pool.Simulated.DamageMetadata(metadata, lost);
        return pool;
    }

    private static void Wipe(TestPool pool)
    {
        var metadata = MetadataDevice(pool, pool.Context).Attach().Value;
        Assert.True(pool.Simulated.Zero(metadata, ByteSize.Zero, ByteSize.KiB(4)).Succeeded);
    }

    private static AssemblyEffects Assembly(TestPool pool, PoolContext context) => new(pool.Kernel, context);

    private static MetadataRepairEffects Repairing(TestPool pool) => new(pool.Kernel, pool.Files, pool.Context);

    private static MetadataDeviceEffects MetadataDevice(TestPool pool, PoolContext context) =>
        new(pool.Kernel, context);

    /// <summary>False where the agent died before it was through.</summary>
    private static bool Repair(TestPool pool, MetadataSource source, int? dieAt, out MetadataRepairOutcome outcome)
    {
        var identity = pool.Context.Identity;
        var next = Assert.IsType<BackingPlan.Planned>(new BackingPlanner(pool.Simulated).PlanMetadata(
            identity, [], [TestPool.Spare], into: null, force: false, "cannot repair metadata")).Backing;
        MetadataRepairOutcome? result = null;
        var repair = new MetadataRepairEffects(pool.Kernel, pool.Files, pool.Context);
        var died = DiesAt(pool, dieAt, () =>
        {
            Assert.Equal(KernelResult.Done, repair.TakeDown(evenMounted: false));
            result = repair.Repair(source, next, Shape);
        });
        outcome = result!;
        return !died;
    }

    private static bool DiesAt(TestPool pool, int? step, Action action)
    {
        if (step is { } dieAt)
            pool.Kernel.DieAtStep(dieAt);
        try
        {
            action();
            return false;
        }
        catch (AgentDiedException)
        {
            return true;
        }
        finally
        {
            pool.Kernel.Revive();
        }
    }
}
