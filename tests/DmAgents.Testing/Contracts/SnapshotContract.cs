using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>What origin and snapshot share, and what a write costs.</summary>
public abstract class SnapshotContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void A_snapshot_has_the_origins_content_and_takes_no_data_block()
    {
        var pool = PoolWithOrigin(blocks: 4);

        pool.Snapshot(2, origin: 1);

        Assert.Equal(4ul, pool.UsedBlocks);
        pool.Activate(2);
        pool.MustHold(2, block: 0, fill: 0x11, count: 4);
        Assert.Equal(4ul, pool.MappedBlocks(2));
    }

    [Fact]
    public void An_origin_that_is_live_and_refuses_writes_needs_no_quiescing()
    {
        var pool = PoolWithOrigin(blocks: 4);
        pool.Activate(1, readOnly: true);
        pool.MustHold(1, block: 0, fill: 0x11, count: 4);

        pool.Snapshot(2, origin: 1);
        pool.Activate(2);
        pool.Write(2, block: 0, fill: 0x22);

        pool.MustHold(1, block: 0, fill: 0x11, count: 4);
        pool.MustHold(2, block: 0, fill: 0x22);
        pool.MustHold(2, block: 1, fill: 0x11, count: 3);
    }

    [Fact]
    public void Reading_what_only_the_origin_wrote_allocates_nothing()
    {
        var pool = PoolWithOrigin(blocks: 4);
        pool.Snapshot(2, origin: 1);
        pool.Activate(2);

        pool.Read(2, block: 0, count: 8);

        Assert.Equal((4ul, 4ul), (pool.MappedBlocks(2), pool.UsedBlocks));
    }

    [Fact]
    public void A_write_in_the_snapshot_copies_exactly_one_block()
    {
        var pool = PoolWithOrigin(blocks: 4);
        pool.Snapshot(2, origin: 1);
        pool.Activate(1);
        pool.Activate(2);

        pool.Write(2, block: 1, fill: 0x22);

        pool.MustUse(5);
        pool.MustHold(1, block: 0, fill: 0x11, count: 4);
        pool.MustHold(2, block: 0, fill: 0x11);
        pool.MustHold(2, block: 1, fill: 0x22);
        pool.MustHold(2, block: 2, fill: 0x11, count: 2);
    }

    [Fact]
    public void Changing_4_KiB_keeps_the_rest_of_the_block()
    {
        var pool = PoolWithOrigin(blocks: 2);
        pool.Snapshot(2, origin: 1);
        var snapshot = pool.Activate(2);

        Kernel.Write(snapshot.Name.Path, new(8192), ContractPool.Block(0x22).AsSpan(0, 4096)).Must();

        pool.MustUse(3);
        var block = pool.Read(2, block: 0);
        Assert.Equal(-1, block.AsSpan(0, 8192).IndexOfAnyExcept((byte)0x11));
        Assert.Equal(-1, block.AsSpan(8192, 4096).IndexOfAnyExcept((byte)0x22));
        Assert.Equal(-1, block.AsSpan(12288).IndexOfAnyExcept((byte)0x11));
    }

    [Fact]
    public void A_second_write_to_a_copied_block_costs_nothing_more()
    {
        var pool = PoolWithOrigin(blocks: 4);
        pool.Snapshot(2, origin: 1);
        pool.Activate(2);
        pool.Write(2, block: 1, fill: 0x22);

        pool.Write(2, block: 1, fill: 0x33);

        pool.MustUse(5);
        pool.MustHold(2, block: 1, fill: 0x33);
    }

    [Fact]
    public void A_write_in_the_origin_copies_one_block_and_leaves_the_snapshot_as_it_was()
    {
        var pool = PoolWithOrigin(blocks: 4);
        pool.Snapshot(2, origin: 1);
        pool.Activate(1);
        pool.Activate(2);

        pool.Write(1, block: 3, fill: 0x22);

        pool.MustUse(5);
        pool.MustHold(2, block: 0, fill: 0x11, count: 4);
        pool.MustHold(1, block: 3, fill: 0x22);
    }

    [Fact]
    public void A_new_block_of_one_is_not_seen_by_the_other()
    {
        var pool = PoolWithOrigin(blocks: 1);
        pool.Snapshot(2, origin: 1);
        pool.Activate(1);
        pool.Activate(2);

        pool.Write(1, block: 10, fill: 0x22);
        pool.Write(2, block: 11, fill: 0x33);

        pool.MustHold(1, block: 11, fill: 0);
        pool.MustHold(2, block: 10, fill: 0);
        pool.MustUse(3);
    }

    [Fact]
    public void Snapshots_of_snapshots_see_what_was_below_them_at_their_time()
    {
        const uint Depth = 8;
        var pool = PoolWithOrigin(blocks: 1);
        for (var id = 2u; id <= Depth; id++)
        {
            pool.Snapshot(id, origin: id - 1);
            pool.Activate(id);
            pool.Write(id, block: id, fill: (byte)id);
            pool.Deactivate(id);
        }

        pool.MustUse(Depth);
        for (var id = 2u; id <= Depth; id++)
        {
            pool.Activate(id);
            pool.MustHold(id, block: 0, fill: 0x11);
            for (var block = 2u; block <= Depth; block++)
                pool.MustHold(id, block, fill: block <= id ? (byte)block : (byte)0);
        }
    }

    [Fact]
    public void Ten_snapshots_cost_no_data_block()
    {
        var pool = PoolWithOrigin(blocks: 64);

        for (var id = 2u; id < 12; id++)
            pool.Snapshot(id, origin: 1);

        Assert.Equal(64ul, pool.UsedBlocks);
    }

    [Fact]
    public void Deleting_the_origin_frees_only_what_no_snapshot_has()
    {
        var pool = PoolWithOrigin(blocks: 4);
        pool.Snapshot(2, origin: 1);
        pool.Activate(1);
        pool.Write(1, block: 0, fill: 0x22);
        pool.Write(1, block: 9, fill: 0x22);
        pool.Deactivate(1);
        pool.MustUse(6);

        pool.Delete(1);

        pool.MustUse(4);
        pool.Activate(2);
        pool.MustHold(2, block: 0, fill: 0x11, count: 4);
    }

    [Fact]
    public void Deleting_a_snapshot_frees_only_its_own_blocks()
    {
        var pool = PoolWithOrigin(blocks: 4);
        pool.Snapshot(2, origin: 1);
        pool.Activate(2);
        pool.Write(2, block: 0, fill: 0x22, count: 2);
        pool.Deactivate(2);
        pool.MustUse(6);

        pool.Delete(2);

        pool.MustUse(4);
        pool.Activate(1);
        pool.MustHold(1, block: 0, fill: 0x11, count: 4);
    }

    [Fact]
    public void A_write_after_the_only_snapshot_is_gone_costs_nothing_in_the_end()
    {
        var pool = PoolWithOrigin(blocks: 4);
        pool.Snapshot(2, origin: 1);
        pool.Delete(2);
        pool.Activate(1);

        pool.Write(1, block: 0, fill: 0x22, count: 4);

        pool.MustUse(4);
        pool.MustHold(1, block: 0, fill: 0x22, count: 4);
    }

    [Fact]
    public void A_snapshot_may_be_larger_than_its_origin()
    {
        var pool = PoolWithOrigin(blocks: 1);
        pool.Snapshot(2, origin: 1);
        pool.Activate(2, mebibytes: 512);

        pool.Write(2, block: 8000, fill: 0x22);

        pool.MustHold(2, block: 8000, fill: 0x22);
        pool.MustHold(2, block: 0, fill: 0x11);
    }

    [Fact]
    public void A_snapshot_of_an_empty_origin_is_empty()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);

        pool.Snapshot(2, origin: 1);

        pool.Activate(2);
        Assert.Equal(0ul, pool.MappedBlocks(2));
        pool.MustHold(2, block: 0, fill: 0);
    }

    [Fact]
    public void An_id_that_is_taken_says_Exists()
    {
        var pool = PoolWithOrigin(blocks: 1);
        pool.Create(2);

        Kernel.CreateSnapshot(pool.Name, new ThinId(2), new ThinId(1)).MustBeRefused(KernelFault.Exists);
        Kernel.CreateSnapshot(pool.Name, new ThinId(1), new ThinId(1)).MustBeRefused(KernelFault.Exists);
        Kernel.CreateThin(pool.Name, new ThinId(2)).MustBeRefused(KernelFault.Exists);
    }

    [Fact]
    public void An_origin_that_is_missing_is_NotFound_and_the_id_stays_free()
    {
        var pool = Scope.OpenPool();

        Kernel.CreateSnapshot(pool.Name, new ThinId(2), new ThinId(1)).MustBeRefused(KernelFault.NotFound);

        pool.Create(2);
    }

    [Fact]
    public void A_live_origin_is_snapshotted_while_suspended_and_goes_on()
    {
        var pool = PoolWithOrigin(blocks: 2);
        var origin = pool.Activate(1);
        pool.Write(1, block: 0, fill: 0x22);

        Kernel.Suspend(origin.Name, freeze: true).Must();
        pool.Snapshot(2, origin: 1);
        Kernel.Resume(origin.Name).Must();
        pool.Write(1, block: 0, fill: 0x33);

        pool.Activate(2);
        pool.MustHold(2, block: 0, fill: 0x22);
        pool.MustHold(2, block: 1, fill: 0x11);
        pool.MustHold(1, block: 0, fill: 0x33);
    }

    [Fact]
    public void Sharing_survives_closing_the_pool()
    {
        var pool = PoolWithOrigin(blocks: 4);
        pool.Snapshot(2, origin: 1);
        Kernel.ClosePool(pool.Name).Must();
        Kernel.OpenPool(pool.Table).Must();
        pool.Activate(1);
        pool.Activate(2);

        pool.Write(1, block: 0, fill: 0x22);

        pool.MustUse(5);
        pool.MustHold(2, block: 0, fill: 0x11, count: 4);
    }

    /// <summary>Thin device 1 has blocks of 0x11 from 0 on, and is not active.</summary>
    private ContractPool PoolWithOrigin(ulong blocks)
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 0x11, count: blocks);
        pool.Deactivate(1);
        return pool;
    }
}
