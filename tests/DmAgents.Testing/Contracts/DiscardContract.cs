using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Giving blocks back, to the pool and to what is below it.</summary>
public abstract class DiscardContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void A_discarded_block_goes_back_to_the_pool_and_reads_as_zeros()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 4);

        Discard(pool, 1, block: 1, count: 2).Must();

        pool.MustUse(2);
        pool.MustHold(1, block: 1, fill: 0, count: 2);
        pool.MustHold(1, block: 0, fill: 1);
        pool.MustHold(1, block: 3, fill: 1);
    }

    [Fact]
    public void A_part_of_a_block_stays_as_it_is()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);

        Kernel.Discard(device.Name.Path, ByteSize.KiB(16), ByteSize.KiB(32)).Must();

        Assert.Equal(1ul, pool.UsedBlocks);
        pool.MustHold(1, block: 0, fill: 1);
    }

    [Fact]
    public void A_range_frees_only_the_blocks_that_it_covers_whole()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 3);

        Kernel.Discard(device.Name.Path, ByteSize.KiB(16), ByteSize.KiB(128)).Must();

        pool.MustUse(2);
        pool.MustHold(1, block: 0, fill: 1);
        pool.MustHold(1, block: 1, fill: 0);
        pool.MustHold(1, block: 2, fill: 1);
    }

    [Fact]
    public void What_was_never_written_can_be_discarded()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);

        Discard(pool, 1, block: 0, count: 100).Must();

        Assert.Equal(0ul, pool.UsedBlocks);
    }

    [Fact]
    public void A_shared_block_stays_the_others()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 4);
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        pool.Activate(1);
        pool.Activate(2);

        Discard(pool, 2, block: 0, count: 4).Must();

        Eventually.Equal(0ul, () => pool.MappedBlocks(2), "what the snapshot maps");
        Assert.Equal(4ul, pool.UsedBlocks);
        pool.MustHold(2, block: 0, fill: 0, count: 4);
        pool.MustHold(1, block: 0, fill: 1, count: 4);
    }

    [Fact]
    public void A_discard_reaches_the_host_through_the_loop_file()
    {
        var (pool, file) = PoolOnLoop(DiscardPolicy.Passdown);
        Assert.Equal(DiscardPolicy.Passdown, pool.Status.Discard);
        var full = Kernel.InspectFile(file).Must().Allocated;
        Assert.True(full >= ByteSize.MiB(4));

        Discard(pool, 1, block: 0, count: 64).Must();

        pool.MustUse(0);
        Eventually.True(
            () => Kernel.InspectFile(file).Must().Allocated <= ByteSize.KiB(128), "the file takes no space any more");
    }

    [Fact]
    public void Without_passdown_only_the_pool_gets_it_back()
    {
        var (pool, file) = PoolOnLoop(DiscardPolicy.NoPassdown);

        Discard(pool, 1, block: 0, count: 64).Must();

        pool.MustUse(0);
        Assert.True(Kernel.InspectFile(file).Must().Allocated >= ByteSize.MiB(4));
    }

    [Fact]
    public void Deleting_hands_nothing_down()
    {
        var (pool, file) = PoolOnLoop(DiscardPolicy.Passdown);
        pool.Deactivate(1);

        pool.Delete(1);

        pool.MustUse(0);
        Assert.True(Kernel.InspectFile(file).Must().Allocated >= ByteSize.MiB(4));
    }

    [Fact]
    public void A_pool_that_ignores_discards_has_devices_without_them()
    {
        var pool = Scope.OpenPool(discard: DiscardPolicy.Ignore);
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);

        Discard(pool, 1, block: 0, count: 1).MustBeRefused(KernelFault.NotSupported);

        Assert.Equal(1ul, pool.UsedBlocks);
        pool.MustHold(1, block: 0, fill: 1);
    }

    private KernelResult Discard(ContractPool pool, uint id, ulong block, ulong count) =>
        Kernel.Discard(pool.Thin(id).Name.Path, ContractPool.At(block), ContractPool.At(count));

    /// <summary>Thin device 1 has 64 blocks written.</summary>
    private (ContractPool Pool, LoopFile File) PoolOnLoop(DiscardPolicy discard)
    {
        var (file, device) = Scope.OpenLoop(mebibytes: 64);
        var pool = Scope.OpenPool(dataMebibytes: 64, discard: discard, dataDevice: device);
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 64);
        return (pool, file);
    }
}
