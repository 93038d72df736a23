using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Devices that layers are read from and received into.</summary>
public abstract class LayerBlocksContract(KernelFixture fixture) : KernelContract(fixture)
{
    private static readonly ByteSize Block = ContractPool.BlockSize;

    /// <summary>No write of the kernel covers such a block: it is mapped by the first of several.</summary>
    private static readonly PoolBlockSize LargeBlock = new(ByteSize.MiB(2));

    [Fact]
    public void What_was_written_is_read_and_what_is_not_mapped_is_zeros()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        byte[] bytes = [.. Enumerable.Range(0, 3 << 20).Select(i => (byte)(i * 31 + i / 512 + 1))];
        using (var target = Receiving(device))
        {
            Assert.Equal(ByteSize.MiB(64), target.Size);
            target.Write(ByteSize.KiB(512) - new ByteSize(512), bytes).Must();
            target.Sync().Must();
            Assert.Equal(bytes, Read(target, ByteSize.KiB(512) - new ByteSize(512), bytes.Length));
        }

        using var source = Kernel.OpenForReading(device.Name).Must();

        Assert.Equal(ByteSize.MiB(64), source.Size);
        Assert.Equal(bytes, Read(source, ByteSize.KiB(512) - new ByteSize(512), bytes.Length));
        Assert.Equal(new byte[4 << 20], Read(source, ByteSize.MiB(40), 4 << 20));
        Assert.Equal(new byte[512], Read(source, ByteSize.MiB(64) - new ByteSize(512), 512));
        Assert.Equal(49ul, pool.MappedBlocks(1));
    }

    [Fact]
    public void What_others_have_written_through_the_page_cache_is_read_and_the_other_way_round()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);
        pool.MustHold(1, block: 0, fill: 1);
        using (var target = Receiving(device))
        {
            Assert.Equal(ContractPool.Block(1), Read(target, ByteSize.Zero, (int)Block.Bytes));
            target.Write(ByteSize.Zero, ContractPool.Block(2)).Must();
        }

        pool.MustHold(1, block: 0, fill: 2);
    }

    [Fact]
    public void A_range_beyond_the_end_and_half_a_sector_are_Invalid()
    {
        var device = Scope.OpenPool().CreateActive(1);
        using var target = Receiving(device);
        var last = ByteSize.MiB(64) - new ByteSize(512);

        target.Read(last, new byte[1024]).MustBeRefused(KernelFault.Invalid);
        target.Write(last, new byte[1024]).MustBeRefused(KernelFault.Invalid);
        target.Zero(new ByteRange(last, new ByteSize(1024))).MustBeRefused(KernelFault.Invalid);
        target.Read(new ByteSize(ulong.MaxValue - 511), new byte[512]).MustBeRefused(KernelFault.Invalid);
        target.Read(new ByteSize(256), new byte[512]).MustBeRefused(KernelFault.Invalid);
        target.Write(ByteSize.Zero, new byte[700]).MustBeRefused(KernelFault.Invalid);
        target.Zero(new ByteRange(ByteSize.Zero, new ByteSize(700))).MustBeRefused(KernelFault.Invalid);
        target.Write(last, new byte[512]).Must();
    }

    [Fact]
    public void A_device_that_is_received_into_cannot_be_used_by_others()
    {
        var pool = Scope.OpenPool(dataMebibytes: 256);
        var device = pool.CreateActive(1, ContractScope.FormattedMebibytes);
        Kernel.Format(device.Name.Path, FileSystemKind.Ext4).Must();
        var (name, uuid) = Scope.NewPool();
        var above = new LinearTable(DeviceNames.Data(name), DeviceNames.DataId(uuid),
            [new LinearSegment(device.Name.Path, default, ByteSize.MiB(1).Sectors)]);
        var path = Scope.NewMountPath();
        using (Receiving(device))
        {
            Kernel.OpenForReceiving(device.Name, PoolBlockSize.Default).MustBeRefused(KernelFault.Busy);
            Kernel.Mount(device.Name.Path, path, FileSystemKind.Ext4, readOnly: true).MustBeRefused(KernelFault.Busy);
            Kernel.OpenLinear(above).MustBeRefused(KernelFault.Busy);
            Assert.True(Kernel.Inspect(device.Name.Path).Must().InUse);
            Kernel.Remove(device.Name, deferred: false).MustBeRefused(KernelFault.Busy);
            Assert.Equal(1u, Kernel.Find(device.Name).Must().OpenCount);
        }

        Kernel.Mount(device.Name.Path, path, FileSystemKind.Ext4, readOnly: true).Must();
        Kernel.OpenForReceiving(device.Name, PoolBlockSize.Default).MustBeRefused(KernelFault.Busy);
        Kernel.Unmount(path, detach: false).Must();
        pool.Deactivate(1);
    }

    [Fact]
    public void What_cannot_be_opened_is_refused_and_not_held()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);
        Kernel.OpenForReading(pool.Thin(1).Name).MustBeRefused(KernelFault.NotFound);
        Kernel.OpenForReceiving(pool.Thin(1).Name, PoolBlockSize.Default).MustBeRefused(KernelFault.NotFound);
        var device = pool.Activate(1, readOnly: true);

        Kernel.OpenForReceiving(device.Name, PoolBlockSize.Default)
            .MustBeRefused(KernelFault.ReadOnly, KernelFault.NotPermitted);
        using (var source = Kernel.OpenForReading(device.Name).Must())
            Assert.Equal(new byte[512], Read(source, ByteSize.Zero, 512));

        pool.Deactivate(1);
    }

    /// <summary>The pool does not zero new blocks, and they were another device's.</summary>
    [Fact]
    public void A_part_of_a_new_block_is_written_with_zeros_around_it()
    {
        var pool = Scope.OpenPool(dataMebibytes: 1, skipZeroing: true);
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 0xAB, count: 16);
        pool.Deactivate(1);
        pool.Delete(1);
        pool.MustUse(0);
        using var target = Receiving(pool.CreateActive(2));

        target.Write(ByteSize.KiB(16), ContractPool.Block(1).AsSpan(0, 4096)).Must();
        target.Write(ByteSize.KiB(32), ContractPool.Block(2).AsSpan(0, 4096)).Must();
        target.Write(ByteSize.KiB(120), ContractPool.Block(3, count: 3)).Must();
        target.Zero(new ByteRange(ByteSize.Zero, Block)).Must();
        target.Write(ByteSize.KiB(8), ContractPool.Block(4).AsSpan(0, 512)).Must();

        var expected = new byte[6 * Block.Bytes];
        expected.AsSpan(8 << 10, 512).Fill(4);
        expected.AsSpan(120 << 10, 192 << 10).Fill(3);
        Assert.Equal(expected, Read(target, ByteSize.Zero, expected.Length));
    }

    /// <summary>The pool does not zero new blocks, and they were another device's.</summary>
    [Fact]
    public void A_part_of_a_large_new_block_is_written_with_zeros_around_it()
    {
        var pool = Scope.OpenPool(dataMebibytes: 6, skipZeroing: true, blockSize: LargeBlock);
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 0xAB, count: 96);
        pool.Deactivate(1);
        pool.Delete(1);
        pool.MustUse(0);
        using var target = Receiving(pool.CreateActive(2), LargeBlock);

        target.Write(ByteSize.KiB(16), ContractPool.Block(1).AsSpan(0, 4096)).Must();
        target.Write(ByteSize.KiB(1500), ContractPool.Block(2).AsSpan(0, 4096)).Must();
        target.Write(ByteSize.KiB(3500), ContractPool.Block(3, count: 12)).Must();

        var expected = new byte[6 << 20];
        expected.AsSpan(16 << 10, 4096).Fill(1);
        expected.AsSpan(1500 << 10, 4096).Fill(2);
        expected.AsSpan(3500 << 10, 768 << 10).Fill(3);
        Assert.Equal(expected, Read(target, ByteSize.Zero, expected.Length));
    }

    [Fact]
    public void A_part_of_a_large_block_that_is_mapped_is_written_and_nothing_around_it()
    {
        var pool = Scope.OpenPool(skipZeroing: false, blockSize: LargeBlock);
        pool.CreateActive(1);
        pool.Write(1, block: 20, fill: 1);
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        using var target = Receiving(pool.Activate(2), LargeBlock);

        target.Write(ByteSize.KiB(512), ContractPool.Block(2).AsSpan(0, 4096)).Must();

        var expected = new byte[2 << 20];
        expected.AsSpan(512 << 10, 4096).Fill(2);
        expected.AsSpan(1280 << 10, 64 << 10).Fill(1);
        Assert.Equal(expected, Read(target, ByteSize.Zero, expected.Length));
    }

    [Fact]
    public async Task A_part_that_is_zeroed_stays_zeros_while_another_part_of_its_large_block_is_written()
    {
        const ulong blocks = 30;
        var pool = Scope.OpenPool(blockSize: LargeBlock);
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 0xAB, count: blocks * 32);
        using var target = Receiving(device, LargeBlock);
        for (var number = 0ul; number < blocks; number++)
        {
            var start = ByteSize.MiB(2 * number);
            await Task.WhenAll(
                Task.Run(() => target.Write(start, ContractPool.Block(1)).Must()),
                Task.Run(() => target.Zero(new ByteRange(start + ByteSize.MiB(1), ByteSize.KiB(512))).Must()));

            var expected = ContractPool.Block(0xAB, count: 32);
            expected.AsSpan(0, 64 << 10).Fill(1);
            expected.AsSpan(1 << 20, 512 << 10).Clear();
            Assert.Equal(expected, Read(target, start, expected.Length));
        }
    }

    [Fact]
    public void Zeroing_gives_whole_blocks_back_and_writes_zeros_over_parts()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 8);
        using (var target = Receiving(device))
            target.Zero(new ByteRange(ByteSize.KiB(100), ByteSize.KiB(300))).Must();

        pool.MustUse(4);
        var read = pool.Read(1, block: 0, count: 8);
        Assert.Equal(-1, read.AsSpan(0, 100 << 10).IndexOfAnyExcept((byte)1));
        Assert.Equal(-1, read.AsSpan(100 << 10, 300 << 10).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, read.AsSpan(400 << 10).IndexOfAnyExcept((byte)1));
    }

    [Fact]
    public void Zeroing_maps_nothing_that_was_not_mapped()
    {
        var pool = Scope.OpenPool();
        using var target = Receiving(pool.CreateActive(1));

        target.Zero(new ByteRange(ByteSize.KiB(100), ByteSize.MiB(20))).Must();
        target.Zero(new ByteRange(ByteSize.Zero, target.Size)).Must();

        Assert.Equal(0ul, pool.UsedBlocks);
    }

    [Fact]
    public void Zeroing_a_snapshot_leaves_its_origin_as_it_is()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 4);
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        using (var target = Receiving(pool.Activate(2)))
        {
            target.Zero(new ByteRange(ByteSize.KiB(32), ByteSize.KiB(128))).Must();
            target.Sync().Must();
        }

        pool.MustHold(2, block: 1, fill: 0);
        Assert.Equal(-1, pool.Read(2, block: 0).AsSpan(0, 32 << 10).IndexOfAnyExcept((byte)1));
        pool.Activate(1);
        pool.MustHold(1, block: 0, fill: 1, count: 4);
        Assert.Equal(3ul, pool.MappedBlocks(2));
    }

    [Fact]
    public void Zeroing_works_in_a_pool_that_ignores_discards()
    {
        var pool = Scope.OpenPool(discard: DiscardPolicy.Ignore);
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 3);
        using (var target = Receiving(device))
            target.Zero(new ByteRange(ByteSize.KiB(32), ByteSize.MiB(8))).Must();

        Assert.Equal(-1, pool.Read(1, block: 0).AsSpan(0, 32 << 10).IndexOfAnyExcept((byte)1));
        pool.MustHold(1, block: 1, fill: 0, count: 2);
        Assert.Equal(3ul, pool.UsedBlocks);
    }

    [Fact]
    public void The_end_of_a_device_that_ends_within_a_block_is_zeroed()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);
        var table = pool.Thin(1) with { Length = new SectorCount(200) };
        Scope.AtEnd(() => Scope.RemoveDevice(table.Name));
        var device = Kernel.ActivateThin(table).Must();
        using var target = Receiving(device);
        target.Write(ByteSize.Zero, ContractPool.Block(1)).Must();
        target.Write(Block, ContractPool.Block(1).AsSpan(0, 72 * 512)).Must();

        target.Zero(new ByteRange(ByteSize.KiB(16), target.Size - ByteSize.KiB(16))).Must();

        var read = Read(target, ByteSize.Zero, 200 * 512);
        Assert.Equal(-1, read.AsSpan(0, 16 << 10).IndexOfAnyExcept((byte)1));
        Assert.Equal(-1, read.AsSpan(16 << 10).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void A_full_pool_is_NoSpace()
    {
        var pool = Scope.OpenPool(dataMebibytes: 1);
        using var target = Receiving(pool.CreateActive(1));
        target.Write(ByteSize.Zero, ContractPool.Block(1, count: 16)).Must();

        target.Write(ByteSize.MiB(1), ContractPool.Block(1)).MustBeRefused(KernelFault.NoSpace);
    }

    [Fact]
    public async Task Many_threads_write_and_read_one_device()
    {
        var pool = Scope.OpenPool();
        using var target = Receiving(pool.CreateActive(1));

        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
        {
            byte[] bytes = [.. Enumerable.Repeat((byte)(i + 1), 300 << 10)];
            target.Write(ByteSize.MiB((ulong)i), bytes).Must();
            Assert.Equal(bytes, Read(target, ByteSize.MiB((ulong)i), bytes.Length));
        })));
    }

    private IOpenReceivingDevice Receiving(LiveDevice device, PoolBlockSize block = default) =>
        Kernel.OpenForReceiving(device.Name, block).Must();

    private static byte[] Read(IBlockReader reader, ByteSize offset, int length)
    {
        var bytes = new byte[length];
        reader.Read(offset, bytes).Must();
        return bytes;
    }
}
