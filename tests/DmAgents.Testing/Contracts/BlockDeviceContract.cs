using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Looking at block devices, and their bytes.</summary>
public abstract class BlockDeviceContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void A_disk_tells_its_size_and_that_it_is_free()
    {
        var disk = Kernel.Inspect(Fixture.DataDisk).Must();

        Assert.True(disk.Size >= ByteSize.GiB(1));
        Assert.False(disk.InUse || disk.ReadOnly);
    }

    [Fact]
    public void A_missing_device_is_NotFound()
    {
        var missing = new DevicePath("/dev/test-no-such-disk");

        Kernel.Inspect(missing).MustBeRefused(KernelFault.NotFound);
        Kernel.Read(missing, ByteSize.Zero, new byte[512]).MustBeRefused(KernelFault.NotFound);
        Kernel.Write(missing, ByteSize.Zero, new byte[512]).MustBeRefused(KernelFault.NotFound);
        Kernel.Zero(missing, ByteSize.Zero, ByteSize.KiB(4)).MustBeRefused(KernelFault.NotFound);
        Kernel.Discard(missing, ByteSize.Zero, ByteSize.KiB(4)).MustBeRefused(KernelFault.NotFound);
        Kernel.Flush(missing).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void What_is_no_block_device_is_Invalid()
    {
        var directory = Scope.NewMountPath();
        Kernel.EnsureDirectory(directory).Must();

        Kernel.Inspect(new DevicePath(directory.Value)).MustBeRefused(KernelFault.Invalid);
    }

    [Theory]
    [InlineData(0u, 512)]
    [InlineData(512u, 4096)]
    [InlineData(1000u, 77)]
    [InlineData(4095u, 2)]
    [InlineData(65000u, 70000)]
    public void Bytes_are_read_as_they_were_written_at_any_offset(uint offset, int length)
    {
        var device = Device();
        byte[] bytes = [.. Enumerable.Range(1, length).Select(i => (byte)((i * 31) | 1))];
        Kernel.Write(device, ByteSize.Zero, new byte[160_000]).Must();

        Kernel.Write(device, new ByteSize(offset), bytes).Must();

        var read = new byte[160_000];
        Kernel.Read(device, ByteSize.Zero, read).Must();
        Assert.Equal(bytes, read.AsSpan((int)offset, length).ToArray());
        Assert.Equal(-1, read.AsSpan(0, (int)offset).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, read.AsSpan((int)offset + length).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void A_zeroed_range_is_zero_and_its_neighbours_are_not()
    {
        var device = Device();
        Kernel.Write(device, ByteSize.Zero, ContractPool.Block(5, count: 3)).Must();

        Kernel.Zero(device, ByteSize.KiB(60), ByteSize.KiB(70)).Must();

        var read = new byte[3 * ContractPool.BlockSize.Bytes];
        Kernel.Read(device, ByteSize.Zero, read).Must();
        Assert.Equal(-1, read.AsSpan(0, 60 << 10).IndexOfAnyExcept((byte)5));
        Assert.Equal(-1, read.AsSpan(60 << 10, 70 << 10).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, read.AsSpan(130 << 10).IndexOfAnyExcept((byte)5));
    }

    [Fact]
    public void A_range_beyond_the_end_is_refused()
    {
        var device = Device();

        Assert.False(Kernel.Read(device, ByteSize.MiB(1) - new ByteSize(512), new byte[1024]).Succeeded);
        Assert.False(Kernel.Write(device, ByteSize.MiB(1), new byte[512]).Succeeded);
        Assert.False(Kernel.Zero(device, ByteSize.MiB(1), ByteSize.KiB(4)).Succeeded);
    }

    [Fact]
    public void A_flush_is_done()
    {
        var device = Device();
        Kernel.Write(device, ByteSize.Zero, ContractPool.Block(1)).Must();

        Kernel.Flush(device).Must();
    }

    /// <summary>A linear device of 1 MiB.</summary>
    private DevicePath Device()
    {
        var (name, uuid) = Scope.NewPool();
        return Scope.OpenSlice(DeviceNames.Data(name), DeviceNames.DataId(uuid), Fixture.DataDisk, mebibytes: 1).Path;
    }
}
