using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

[Trait("Needs", "Kernel")]
public sealed class LoopTests : IDisposable
{
    private readonly LinuxKernel _kernel = Ok(LinuxKernel.Open());
    private readonly LoopFile _file = new(Path.Combine(Path.GetTempPath(), $"dmagents-test-{Guid.NewGuid():N}.img"));

    public void Dispose()
    {
        if (File.Exists(_file.Value))
        {
            Ok(_kernel.DetachLoop(_file).Or(KernelFault.NotFound));
            Ok(_kernel.DeleteFile(_file));
        }
        _kernel.Dispose();
    }

    [Fact]
    public void A_file_is_sparse_and_made_once()
    {
        Ok(_kernel.CreateFile(_file, ByteSize.GiB(3)));

        var info = Ok(_kernel.InspectFile(_file));
        Assert.Equal((ByteSize.GiB(3), null), (info.Size, info.Attached));
        Assert.True(info.Allocated < ByteSize.MiB(1));
        Assert.True(info.HostFree > ByteSize.Zero);
        Assert.Equal(Convert.ToInt32("600", 8), (int)File.GetUnixFileMode(_file.Value));
        Assert.True(_kernel.CreateFile(_file, ByteSize.GiB(1)).FailedWith(KernelFault.Exists));
        Assert.Equal(ByteSize.GiB(3), Ok(_kernel.InspectFile(_file)).Size);
    }

    [Fact]
    public void A_file_has_one_loop_device_however_often_it_is_attached()
    {
        Ok(_kernel.CreateFile(_file, ByteSize.MiB(64)));

        var devices = new DevicePath[16];
        Parallel.For(0, devices.Length, i => devices[i] = Ok(_kernel.AttachLoop(_file)));

        Assert.Single(devices.Distinct());
        Assert.Equal(devices[0], Ok(_kernel.InspectFile(_file)).Attached);
        Assert.Equal(ByteSize.MiB(64), Ok(_kernel.Inspect(devices[0])).Size);
        Ok(_kernel.DetachLoop(_file));
        Assert.Null(Ok(_kernel.InspectFile(_file)).Attached);
        Assert.True(_kernel.DetachLoop(_file).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void An_enlarged_file_enlarges_its_device()
    {
        Ok(_kernel.CreateFile(_file, ByteSize.MiB(64)));
        var device = Ok(_kernel.AttachLoop(_file));
        Ok(_kernel.Write(device, ByteSize.Zero, "kept"u8));

        Ok(_kernel.EnlargeFile(_file, ByteSize.MiB(96)));

        Assert.Equal(ByteSize.MiB(96), Ok(_kernel.Inspect(device)).Size);
        Assert.True(_kernel.EnlargeFile(_file, ByteSize.MiB(64)).FailedWith(KernelFault.Invalid));
        var read = new byte[4];
        Ok(_kernel.Read(device, ByteSize.Zero, read));
        Assert.Equal("kept"u8.ToArray(), read);
    }

    [Fact]
    public void A_file_that_is_in_use_is_neither_detached_nor_deleted()
    {
        Ok(_kernel.CreateFile(_file, ByteSize.MiB(64)));
        var device = Ok(_kernel.AttachLoop(_file));
        var name = new MappedName("dmagents-test-kernel-on-loop");
        Ok(_kernel.OpenLinear(new LinearTable(name, new("DMAGENTS-test-on-loop"),
            [new(device, default, ByteSize.MiB(1).Sectors)])));

        Assert.True(_kernel.DetachLoop(_file).FailedWith(KernelFault.Busy));
        Assert.True(_kernel.DeleteFile(_file).FailedWith(KernelFault.Busy));

        Ok(_kernel.Remove(name, deferred: false));
        Assert.True(_kernel.DeleteFile(_file).FailedWith(KernelFault.Busy));
        Ok(_kernel.DetachLoop(_file));
        Ok(_kernel.DeleteFile(_file));
        Ok(_kernel.DeleteFile(_file));
        Assert.True(_kernel.InspectFile(_file).FailedWith(KernelFault.NotFound));
        Assert.True(_kernel.AttachLoop(_file).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void Discarded_and_zeroed_ranges_read_as_zeros_and_give_space_back()
    {
        Ok(_kernel.CreateFile(_file, ByteSize.MiB(64)));
        var device = Ok(_kernel.AttachLoop(_file));
        Ok(_kernel.Write(device, ByteSize.Zero, Enumerable.Repeat((byte)1, 8 << 20).ToArray()));
        var before = Ok(_kernel.InspectFile(_file)).Allocated;

        Ok(_kernel.Discard(device, ByteSize.MiB(1), ByteSize.MiB(4)));
        Ok(_kernel.Zero(device, ByteSize.MiB(6), ByteSize.MiB(1)));
        Ok(_kernel.Flush(device));

        Assert.True(Ok(_kernel.InspectFile(_file)).Allocated <= before - ByteSize.MiB(4));
        Assert.Equal(1, ByteAt(device, ByteSize.Zero));
        Assert.Equal(0, ByteAt(device, ByteSize.MiB(2)));
        Assert.Equal(1, ByteAt(device, ByteSize.MiB(5)));
        Assert.Equal(0, ByteAt(device, ByteSize.MiB(6)));
    }

    [Fact]
    public void A_range_beyond_the_device_is_invalid()
    {
        Ok(_kernel.CreateFile(_file, ByteSize.MiB(1)));
        var device = Ok(_kernel.AttachLoop(_file));

        Assert.True(_kernel.Write(device, ByteSize.MiB(1), new byte[1]).FailedWith(KernelFault.Invalid));
        Assert.True(_kernel.Read(device, ByteSize.MiB(1), new byte[1]).FailedWith(KernelFault.Invalid));
        Assert.True(_kernel.Zero(device, ByteSize.Zero, ByteSize.MiB(2)).FailedWith(KernelFault.Invalid));
        Assert.True(_kernel.Discard(device, ByteSize.MiB(2), ByteSize.KiB(4)).FailedWith(KernelFault.Invalid));
        Assert.True(_kernel.Inspect(new(_file.Value)).FailedWith(KernelFault.Invalid));
        Assert.True(_kernel.Inspect(new("/dev/none")).FailedWith(KernelFault.NotFound));
    }

    private byte ByteAt(DevicePath device, ByteSize offset)
    {
        var read = new byte[1];
        Ok(_kernel.Read(device, offset, read));
        return read[0];
    }
}
