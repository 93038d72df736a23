using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Where two thin devices may hold different bytes.</summary>
public abstract class ChangedRangesContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void A_snapshot_differs_where_it_was_written()
    {
        var pool = Origin();
        pool.Snapshot(2, origin: 1);
        Assert.Empty(Changed(pool, 2, since: 1));
        pool.Activate(2);
        pool.Write(2, block: 7, fill: 2, count: 2);
        pool.Write(2, block: 500, fill: 2);

        Assert.Equal([Blocks(7, 2), Blocks(500, 1)], Changed(pool, 2, since: 1));
        Assert.Equal([Blocks(7, 2), Blocks(500, 1)], Changed(pool, 1, since: 2));
    }

    [Fact]
    public void What_one_of_two_has_discarded_differs()
    {
        var pool = Origin();
        pool.Snapshot(2, origin: 1);
        var device = pool.Activate(2);

        Kernel.Discard(device.Name.Path, ContractPool.At(250), ContractPool.At(20)).Must();

        Assert.Equal([Blocks(250, 20)], Changed(pool, 2, since: 1));
    }

    [Fact]
    public void What_was_written_again_with_the_same_bytes_is_reported_once_it_is_another_block()
    {
        var pool = Origin();
        pool.Snapshot(2, origin: 1);
        pool.Activate(2);

        pool.Write(2, block: 100, fill: 1);

        Assert.Equal([Blocks(100, 1)], Changed(pool, 2, since: 1));
    }

    [Fact]
    public void A_grandchild_differs_by_the_changes_of_both_generations()
    {
        var pool = Origin();
        pool.Snapshot(2, origin: 1);
        pool.Activate(2);
        pool.Write(2, block: 3, fill: 2);
        pool.Write(2, block: 9, fill: 2);
        pool.Deactivate(2);
        pool.Snapshot(3, origin: 2);
        pool.Activate(3);
        pool.Write(3, block: 9, fill: 3);
        pool.Write(3, block: 290, fill: 3);

        Assert.Equal([Blocks(3, 1), Blocks(9, 1), Blocks(290, 1)], Changed(pool, 3, since: 1));
        Assert.Equal([Blocks(9, 1), Blocks(290, 1)], Changed(pool, 3, since: 2));
    }

    [Fact]
    public void Two_that_share_nothing_differ_in_all_that_either_maps()
    {
        var pool = Origin();
        pool.CreateActive(2);
        pool.Write(2, block: 299, fill: 1, count: 2);

        Assert.Equal([Blocks(0, 301)], Changed(pool, 2, since: 1));
    }

    [Fact]
    public void Alone_a_device_has_all_that_it_maps()
    {
        var pool = Origin();
        pool.Create(2);

        Assert.Equal([Blocks(0, 300)], Changed(pool, 1, since: null));
        Assert.Empty(Changed(pool, 2, since: null));
    }

    [Fact]
    public void Ranges_are_in_bytes_of_the_pools_own_blocks()
    {
        var pool = Scope.OpenPool(blockSize: new PoolBlockSize(ByteSize.KiB(192)));
        var device = pool.CreateActive(1);
        Kernel.Write(device.Name.Path, ByteSize.KiB(200), new byte[512]).Must();
        Kernel.Write(device.Name.Path, ByteSize.KiB(1000), new byte[512]).Must();

        Assert.Equal(
            [new ByteRange(ByteSize.KiB(192), ByteSize.KiB(192)), new ByteRange(ByteSize.KiB(960), ByteSize.KiB(192))],
            Changed(pool, 1, since: null));
    }

    [Fact]
    public void What_is_not_there_is_NotFound_and_nothing_stays_held()
    {
        var pool = Origin();

        Kernel.ChangedRanges(pool.Name, new ThinId(9), null).MustBeRefused(KernelFault.NotFound);
        Kernel.ChangedRanges(pool.Name, new ThinId(1), new ThinId(9)).MustBeRefused(KernelFault.NotFound);
        Kernel.ChangedRanges(DeviceNames.Pool(Scope.NewPool().Name), new ThinId(1), null)
            .MustBeRefused(KernelFault.NotFound);
        Assert.Null(pool.Status.HeldRoot);
    }

    [Fact]
    public void Layers_are_compared_by_their_content()
    {
        var pool = Origin();
        pool.Snapshot(2, origin: 1);
        pool.Activate(2);
        pool.Write(2, block: 7, fill: 2);
        var (known, unknown) = (new ContentDigest(new byte[32]), new ContentDigest([1, .. new byte[31]]));
        var changes = new LayerChanges(
            Kernel, pool.Name, new ThinId(2), digest => digest == known ? new ThinId(1) : null);

        Assert.Equal([Blocks(7, 1)], changes.Since(known).Must());
        changes.Since(unknown).MustBeRefused(KernelFault.NotFound);
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

    private IReadOnlyList<ByteRange> Changed(ContractPool pool, uint id, uint? since) =>
        Kernel.ChangedRanges(pool.Name, new ThinId(id), since is { } other ? new ThinId(other) : null).Must();

    private static ByteRange Blocks(ulong start, ulong count) => new(ContractPool.At(start), ContractPool.At(count));
}
