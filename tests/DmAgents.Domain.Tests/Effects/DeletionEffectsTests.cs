using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Faults;

namespace DmAgents.Domain.Tests.Effects;

public sealed class DeletionEffectsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_removed_device_is_gone_from_the_pool_whatever_was_live_of_it(bool discardOnRemove)
    {
        foreach (var use in Enum.GetValues<DeviceUse>())
        {
            var pool = new TestPool(discardOnRemove);
            var device = pool.Container(2, "c", use);

            Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(device));

            Assert.Equal([new ThinId(1)], pool.Thins);
            Assert.Empty(pool.Simulated.Mounts().Value);
            Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(device));
        }
    }

    /// <summary>Found by a storm of kills, seed 7004: its making had been killed between its name and its table, and it
    /// was taken for live, while its node could not be opened for the discard.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_device_that_was_left_without_a_table_is_gone_like_any_other(bool discardOnRemove)
    {
        var pool = new TestPool(discardOnRemove);
        var device = pool.Container(2, "c");
        var table = pool.Context.TableOf(device);
        Assert.True(pool.Simulated.LeaveWithoutTable(table.Name, table.Uuid));

        Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(device));

        Assert.Equal([new ThinId(1)], pool.Thins);
        Assert.DoesNotContain(pool.Simulated.ListDevices("").Value, live => live.Name == table.Name);
    }

    /// <summary>Its ids would be taken for free, and be found in it once it is live again.</summary>
    [Fact]
    public void Of_a_pool_that_somebody_has_taken_down_nothing_counts_as_gone()
    {
        var pool = new TestPool();
        var device = pool.Container(2, "c");
        Assert.Equal(KernelResult.Done, pool.Simulated.ClosePool(pool.Context.Device));

        Assert.IsType<DeletionResult.Failed>(pool.Deletion.Delete(device));
        Assert.True(pool.Deletion.Purge(new ThinId(2)).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void A_successor_of_the_same_name_stays_mounted()
    {
        var pool = new TestPool();
        var old = pool.Container(2, "c", DeviceUse.Active);
        var successor = pool.Container(3, "c", DeviceUse.Mounted);

        Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(old, keyHasSuccessor: true));

        Assert.True(pool.IsMounted(successor));
    }

    [Fact]
    public void A_device_that_somebody_holds_goes_with_its_holder_and_is_deleted_by_a_later_try()
    {
        var pool = new TestPool();
        var device = pool.Container(2, "c", DeviceUse.Mounted);
        using (pool.Simulated.HoldMount(pool.Context.MountOf(device)))
            Assert.IsType<DeletionResult.Held>(pool.Deletion.Delete(device));

        Assert.Equal(KernelFault.NotFound, pool.Simulated.Find(pool.Context.NameOf(device.Id)).Error!.Fault);
        Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(device));
    }

    [Fact]
    public void A_device_that_somebody_opens_between_discard_and_removal_is_held()
    {
        var pool = new TestPool(discardOnRemove: true);
        var device = pool.Container(2, "c");
        pool.Kernel.FailNext(nameof(IMappedDevices.Remove), KernelFault.Busy);

        Assert.IsType<DeletionResult.Held>(pool.Deletion.Delete(device));
        Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(device));
    }

    [Fact]
    public void The_thin_id_goes_last_because_recovery_takes_it_for_the_end()
    {
        var pool = new TestPool();
        var device = pool.Container(2, "c", DeviceUse.Mounted);
        pool.Kernel.ClearCallLog();

        pool.Deletion.Delete(device);

        Assert.Equal(nameof(IThinPools.DeleteThin), pool.Kernel.CallLog[^1].Operation);
        Assert.Contains(pool.Kernel.CallLog, c => c.Operation == nameof(IFileSystems.RemoveDirectory));
    }

    [Fact]
    public void Only_what_a_device_has_for_itself_is_to_be_discarded()
    {
        var pool = new TestPool(discardOnRemove: true);
        var device = pool.Container(2, "c", DeviceUse.Active);
        Write(pool, device, block: 20, count: 3);

        var begun = Assert.IsType<DeletionResult.ToDiscard>(
            pool.Deletion.Begin(device, isOrigin: false, keyHasSuccessor: false));

        Assert.Equal(new BlockRange(20, 3), Assert.Single(begun.Blocks));
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(4, true)]
    public void A_device_up_to_the_mark_is_deleted_at_once(ulong blocks, bool inPieces)
    {
        var pool = new TestPool();
        var deletion = new DeletionEffects(pool.Kernel, pool.Context with { DiscardAbove = ByteSize.KiB(3 * 64) });
        var device = pool.Container(2, "c", DeviceUse.Active);
        Write(pool, device, block: 20, blocks);

        var begun = deletion.Begin(device, isOrigin: false, keyHasSuccessor: false);

        Assert.Equal(inPieces, begun is DeletionResult.ToDiscard);
        Assert.Equal(!inPieces, begun is DeletionResult.Gone);
        Assert.Equal(inPieces ? [new ThinId(1), new ThinId(2)] : [new ThinId(1)], pool.Thins);
    }

    /// <summary>The pool that dies at every step of a deletion in pieces has all blocks back after it is begun again.
    /// </summary>
    [Fact]
    public void A_deletion_that_dies_anywhere_is_finished_by_the_next()
    {
        for (var step = 0; ; step++)
        {
            var pool = new TestPool(discardOnRemove: true);
            var device = pool.Container(2, "c", DeviceUse.Active);
            var before = Used(pool);
            Write(pool, device, block: 20, count: 3);
            Write(pool, device, block: 50, count: 2);
            pool.Kernel.DieAtStep(step);
            var died = Record.Exception(() => pool.Deletion.Delete(device)) is AgentDiedException;
            pool.Kernel.Revive();

            Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(device));

            Assert.Equal([new ThinId(1)], pool.Thins);
            Assert.Equal(before, Used(pool));
            if (!died)
                return;
        }
    }

    /// <summary>Of an id that only the pool knows, nobody tells whose snapshot it is, nor how large.</summary>
    [Fact]
    public void A_purge_discards_what_the_id_has_for_itself_whatever_step_it_dies_at()
    {
        for (var step = 0; ; step++)
        {
            var pool = new TestPool(discardOnRemove: true);
            var device = pool.Container(2, "c", DeviceUse.Active);
            var before = Used(pool);
            Write(pool, device, block: 20, count: 3);
            Write(pool, device, block: 50, count: 2);
            pool.Kernel.ClearCallLog();
            pool.Kernel.DieAtStep(step);
            var died = Record.Exception(() => pool.Deletion.Purge(device.Id)) is AgentDiedException;
            pool.Kernel.Revive();

            Assert.Equal(KernelResult.Done, pool.Deletion.Purge(device.Id));

            Assert.Equal([new ThinId(1)], pool.Thins);
            Assert.Equal(before, Used(pool));
            if (died)
                continue;
            Assert.Equal(2, pool.Kernel.CallLog.Count(call => call.Operation == nameof(IBlockDevices.Discard)));
            return;
        }
    }

    [Fact]
    public void Blocks_beyond_the_device_are_left_out_and_a_pool_that_ignores_discards_frees_them_all_the_same()
    {
        var pool = new TestPool(discardOnRemove: true);
        var device = pool.Container(2, "c", DeviceUse.Active);
        var end = device.Size.Bytes / (64 << 10);

        Assert.True(pool.Deletion.Discard(device, [new BlockRange(end - 1, 5), new BlockRange(end + 9, 1)]).Succeeded);
        pool.Kernel.FailNext(nameof(IBlockDevices.Discard), KernelFault.NotSupported);
        Assert.True(pool.Deletion.Discard(device, [new BlockRange(0, 1)]).Succeeded);
    }

    private static void Write(TestPool pool, DeviceRecord device, ulong block, ulong count) => Assert.True(
        pool.Simulated.Write(
            pool.Context.NameOf(device.Id).Path, new ByteSize(block << 16), new byte[count << 16]).Succeeded);

    private static ulong Used(TestPool pool) => pool.Simulated.PoolStatus(pool.Context.Device).Value.Data.Used;
}
