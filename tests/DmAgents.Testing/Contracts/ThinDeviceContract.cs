using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Thin devices: ids, activation, allocation.</summary>
public abstract class ThinDeviceContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void A_new_thin_device_maps_nothing_and_reads_as_zeros_without_allocating()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);

        pool.MustHold(1, block: 0, fill: 0, count: 4);

        Assert.Equal((0ul, 0ul), (pool.MappedBlocks(1), pool.UsedBlocks));
    }

    [Fact]
    public void A_first_write_of_4_KiB_takes_one_block_and_later_ones_none()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);

        Kernel.Write(device.Name.Path, ByteSize.Zero, new byte[4096]).Must();
        Kernel.Write(device.Name.Path, ByteSize.KiB(8), new byte[4096]).Must();

        Assert.Equal((1ul, 1ul), (pool.MappedBlocks(1), pool.UsedBlocks));
    }

    [Fact]
    public void A_write_across_a_block_border_takes_both()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);

        Kernel.Write(device.Name.Path, ByteSize.KiB(60), new byte[8192]).Must();

        Assert.Equal((2ul, 2ul), (pool.MappedBlocks(1), pool.UsedBlocks));
    }

    [Fact]
    public void A_block_without_neighbours_can_be_the_last_of_a_large_device()
    {
        var pool = Scope.OpenPool();
        var last = (ByteSize.GiB(1024).Bytes / ContractPool.BlockSize.Bytes) - 1;
        pool.CreateActive(1, mebibytes: 1024 * 1024);

        pool.Write(1, last, fill: 6);

        pool.MustHold(1, last, fill: 6);
        Assert.Equal(1ul, pool.UsedBlocks);
    }

    [Fact]
    public void With_zeroing_the_rest_of_a_partly_written_block_is_zero_whatever_lay_there()
    {
        var pool = Scope.OpenPool(dataMebibytes: 1, skipZeroing: false);
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 0xee, count: 16);
        pool.Deactivate(1);
        pool.Delete(1);
        pool.MustUse(0);
        var device = pool.CreateActive(2);

        Kernel.Write(device.Name.Path, ByteSize.KiB(8), ContractPool.Block(1).AsSpan(0, 4096)).Must();

        var block = pool.Read(2, block: 0);
        Assert.Equal(-1, block.AsSpan(0, 8192).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, block.AsSpan(8192, 4096).IndexOfAnyExcept((byte)1));
        Assert.Equal(-1, block.AsSpan(12288).IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(ThinId.Max)]
    public void The_smallest_and_the_largest_id_can_be_used(uint id)
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(id);

        pool.Write(id, block: 1, fill: 2);

        pool.MustHold(id, block: 1, fill: 2);
    }

    [Fact]
    public void An_id_that_is_taken_says_Exists_also_to_create_thin()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);

        Kernel.CreateThin(pool.Name, new ThinId(1)).MustBeRefused(KernelFault.Exists);
    }

    [Fact]
    public void Content_survives_being_inactive()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 2, fill: 0x42);
        pool.Deactivate(1);

        pool.Activate(1);

        pool.MustHold(1, block: 2, fill: 0x42);
    }

    [Fact]
    public void Nothing_is_written_beyond_the_end()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1, mebibytes: 1);

        Assert.False(Kernel.Write(device.Name.Path, ByteSize.MiB(1), new byte[4096]).Succeeded);

        Assert.Equal(0ul, pool.UsedBlocks);
    }

    [Fact]
    public void Deleting_gives_the_blocks_back()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 20);
        pool.Deactivate(1);

        pool.Delete(1);

        pool.MustUse(0);
        Kernel.ActivateThin(pool.Thin(1)).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void An_unknown_id_is_NotFound_to_delete()
    {
        var pool = Scope.OpenPool();

        Kernel.DeleteThin(pool.Name, new ThinId(1)).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_live_device_is_Busy_to_delete_and_stays_as_it_is()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);

        Kernel.DeleteThin(pool.Name, new ThinId(1)).MustBeRefused(KernelFault.Busy);

        pool.MustHold(1, block: 0, fill: 1);
        Assert.Equal(1ul, pool.UsedBlocks);
    }

    [Fact]
    public void A_deleted_id_can_be_used_again_and_starts_empty()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);
        pool.Deactivate(1);
        pool.Delete(1);

        pool.CreateActive(1);

        Assert.Equal(0ul, pool.MappedBlocks(1));
        pool.MustHold(1, block: 0, fill: 0);
    }
}
