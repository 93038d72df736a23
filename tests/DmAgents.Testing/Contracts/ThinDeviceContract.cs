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
    public void An_id_that_is_unknown_is_NotFound_to_activate_and_leaves_no_device()
    {
        var pool = Scope.OpenPool();

        Kernel.ActivateThin(pool.Thin(1)).MustBeRefused(KernelFault.NotFound);

        Kernel.Find(pool.Thin(1).Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_pool_that_is_not_live_is_NotFound_to_activate_and_leaves_no_device()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);
        Kernel.ClosePool(pool.Name).Must();

        Kernel.ActivateThin(pool.Thin(1)).MustBeRefused(KernelFault.NotFound);

        Kernel.Find(pool.Thin(1).Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_live_name_or_uuid_says_Exists_to_activate()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Create(2);

        Kernel.ActivateThin(pool.Thin(1)).MustBeRefused(KernelFault.Exists);
        Kernel.ActivateThin(pool.Thin(2) with { Uuid = pool.Thin(1).Uuid }).MustBeRefused(KernelFault.Exists);

        Kernel.Find(pool.Thin(2).Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void An_active_device_is_found_as_it_was_asked_for()
    {
        var pool = Scope.OpenPool();

        var device = pool.CreateActive(1, mebibytes: 32);

        Eventually.Equal(0u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
        Assert.Equal(device with { OpenCount = 0 }, Kernel.Find(device.Name).Must());
        Assert.Equal(
            (pool.Thin(1).Name, pool.Thin(1).Uuid, ByteSize.MiB(32).Sectors),
            (device.Name, device.Uuid, device.Length));
        Assert.False(device.Suspended || device.ReadOnly || device.RemovalDeferred);
    }

    [Fact]
    public void Its_node_is_there_when_the_activation_returns()
    {
        var device = Scope.OpenPool().CreateActive(1, mebibytes: 32);

        var node = Kernel.Inspect(device.Name.Path).Must();

        Assert.Equal((device.Number, ByteSize.MiB(32)), (node.Number, node.Size));
        Assert.False(node.InUse || node.ReadOnly);
    }

    [Fact]
    public void Devices_are_listed_by_the_beginning_of_their_uuid()
    {
        var pool = Scope.OpenPool();
        var other = Scope.OpenPool();
        pool.CreateActive(1);
        pool.CreateActive(2);
        other.CreateActive(1);

        var listed = Kernel.ListDevices($"{DeviceNames.UuidPrefix}{pool.Uuid}-").Must();

        Assert.Equal(
            new[] { pool.Table.Data.Value, pool.Table.Metadata.Value, pool.Name.Path.Value,
                pool.Thin(1).Name.Path.Value, pool.Thin(2).Name.Path.Value }.Order(),
            listed.Select(device => device.Name.Path.Value).Order());
        Assert.Equal([1u, 2u], listed
            .Select(device => DeviceNames.ThinIdOf(pool.Uuid, device.Uuid)?.Value).OfType<uint>().Order());
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
    public void The_size_is_chosen_at_each_activation()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1, mebibytes: 16);
        pool.Write(1, block: 0, fill: 1);
        pool.Deactivate(1);

        pool.Activate(1, mebibytes: 512);

        Assert.Equal(ByteSize.MiB(512), Kernel.Inspect(pool.Thin(1).Name.Path).Must().Size);
        pool.MustHold(1, block: 0, fill: 1);
        pool.MustHold(1, block: 5000, fill: 0);
    }

    [Fact]
    public void A_live_device_gets_longer()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1, mebibytes: 16);
        pool.Write(1, block: 0, fill: 1);

        Kernel.ReloadThin(pool.Thin(1, mebibytes: 32)).Must();

        Assert.Equal(ByteSize.MiB(32).Sectors, Kernel.Find(pool.Thin(1).Name).Must().Length);
        pool.Write(1, block: 400, fill: 2);
        pool.MustHold(1, block: 400, fill: 2);
        pool.MustHold(1, block: 0, fill: 1);
    }

    [Fact]
    public void A_device_that_is_not_live_cannot_be_reloaded()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);

        Kernel.ReloadThin(pool.Thin(1)).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_read_only_device_refuses_writes_until_it_is_reloaded_writable()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);
        pool.Deactivate(1);
        var device = pool.Activate(1, readOnly: true);
        Assert.True(device.ReadOnly);

        Kernel.Write(device.Name.Path, ByteSize.Zero, ContractPool.Block(2))
            .MustBeRefused(KernelFault.NotPermitted, KernelFault.ReadOnly);
        pool.MustHold(1, block: 0, fill: 1);

        Kernel.ReloadThin(pool.Thin(1)).Must();
        Assert.False(Kernel.Find(device.Name).Must().ReadOnly);
        pool.Write(1, block: 0, fill: 3);
        pool.MustHold(1, block: 0, fill: 3);
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
