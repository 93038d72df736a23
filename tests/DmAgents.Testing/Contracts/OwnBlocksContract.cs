using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Which blocks a thin device has for itself.</summary>
public abstract class OwnBlocksContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void A_device_without_origin_has_all_that_it_maps()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        Assert.Empty(Own(pool, 1));
        pool.Write(1, block: 3, fill: 1, count: 400);
        pool.Write(1, block: 900, fill: 1);

        Assert.Equal([new BlockRange(3, 400), new BlockRange(900, 1)], Own(pool, 1));
        Assert.Equal([new BlockRange(3, 400), new BlockRange(900, 1)], Own(pool, 1, origin: 99));
    }

    [Fact]
    public void A_snapshot_has_what_was_written_to_it()
    {
        var pool = Origin();
        pool.Snapshot(2, origin: 1);
        Assert.Empty(Own(pool, 2, origin: 1));
        pool.Activate(2);
        pool.Write(2, block: 7, fill: 2, count: 2);
        pool.Write(2, block: 500, fill: 2);

        Assert.Equal([new BlockRange(7, 2), new BlockRange(500, 1)], Own(pool, 2, origin: 1));
    }

    [Fact]
    public void A_snapshot_alone_has_what_its_origin_has_replaced()
    {
        var pool = Origin();
        pool.Snapshot(2, origin: 1);
        pool.Activate(1);
        pool.Write(1, block: 5, fill: 2);
        pool.Write(1, block: 800, fill: 2);

        Assert.Equal([new BlockRange(5, 1)], Own(pool, 2, origin: 1));
    }

    [Fact]
    public void An_origin_has_what_it_has_written_since_its_latest_snapshot()
    {
        var pool = Origin();
        pool.Snapshot(2, origin: 1);
        pool.Activate(2);
        pool.Write(2, block: 7, fill: 2, count: 2);
        pool.Deactivate(2);
        pool.Snapshot(3, origin: 2);
        pool.Activate(2);
        pool.Write(2, block: 8, fill: 3);

        Assert.Equal([new BlockRange(8, 1)], Own(pool, 2, origin: 1, isOrigin: true));
        Assert.Equal([new BlockRange(7, 2)], Own(pool, 2, origin: 1));
    }

    [Fact]
    public void Discarding_them_frees_their_blocks_and_leaves_what_is_shared()
    {
        var pool = Origin();
        pool.Snapshot(2, origin: 1);
        var device = pool.Activate(2);
        pool.Write(2, block: 7, fill: 2, count: 2);
        pool.Write(2, block: 500, fill: 2);
        pool.MustUse(303);

        foreach (var range in Own(pool, 2, origin: 1))
        {
            var (start, length) = range.InBytes(ContractPool.BlockSize);
            Kernel.Discard(device.Name.Path, start, length).Must();
        }

        pool.MustUse(300);
        Eventually.Equal(298ul, () => pool.MappedBlocks(2), "what the snapshot maps");
        Assert.Empty(Own(pool, 2, origin: 1));
        pool.Activate(1);
        pool.MustHold(1, block: 7, fill: 1, count: 2);
    }

    [Fact]
    public void A_snapshot_tells_whose_it_is_until_that_has_another()
    {
        var pool = Origin();
        pool.Snapshot(2, origin: 1);
        pool.Snapshot(3, origin: 2);
        Assert.Equal([null, new ThinId(1), new ThinId(2)], Origins(pool));

        pool.Snapshot(4, origin: 1);

        Assert.Equal([null, null, new ThinId(2), new ThinId(1)], Origins(pool));
    }

    [Fact]
    public void What_is_not_there_is_NotFound_and_nothing_stays_held()
    {
        var pool = Origin();

        Kernel.OwnBlocks(pool.Name, new ThinAndOrigin(new ThinId(9), null), isOrigin: false)
            .MustBeRefused(KernelFault.NotFound);
        Assert.Null(pool.Status.HeldRoot);
        Kernel.OwnBlocks(
            DeviceNames.Pool(Scope.NewPool().Name), new ThinAndOrigin(new ThinId(1), null), isOrigin: false)
            .MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void Readers_of_one_pool_take_turns()
    {
        var pool = Origin();

        Parallel.For(0, 16, _ => Assert.Single(Kernel.OwnBlocks(
            pool.Name, new ThinAndOrigin(new ThinId(1), null), isOrigin: false).Must()));

        Assert.Null(pool.Status.HeldRoot);
    }

    /// <summary>Thin device 1 has 300 blocks: more than one leaf of the kernel's.</summary>
    private ContractPool Origin()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 300);
        pool.Deactivate(1);
        return pool;
    }

    private IReadOnlyList<BlockRange> Own(ContractPool pool, uint id, uint? origin = null, bool isOrigin = false) =>
        Kernel.OwnBlocks(pool.Name, new ThinAndOrigin(
            new ThinId(id), origin is { } below ? new ThinId(below) : null), isOrigin).Must();

    private IEnumerable<ThinId?> Origins(ContractPool pool) =>
        Kernel.ListThins(pool.Name).Must().Select(thin => thin.SnapshotOf);
}
