using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Files that serve as disks.</summary>
public abstract class LoopContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void A_new_file_has_its_size_and_takes_next_to_nothing()
    {
        var file = Scope.NewLoopFile();

        Kernel.CreateFile(file, ByteSize.MiB(64)).Must();

        var info = Kernel.InspectFile(file).Must();
        Assert.Equal((ByteSize.MiB(64), null), (info.Size, info.Attached));
        Assert.InRange(info.Allocated.Bytes, 0ul, 65536ul);
        Assert.True(info.HostFree > ByteSize.Zero);
    }

    [Fact]
    public void A_file_that_is_there_says_Exists_and_keeps_its_size()
    {
        var file = Scope.NewLoopFile();
        Kernel.CreateFile(file, ByteSize.MiB(2)).Must();

        Kernel.CreateFile(file, ByteSize.MiB(1)).MustBeRefused(KernelFault.Exists);

        Assert.Equal(ByteSize.MiB(2), Kernel.InspectFile(file).Must().Size);
    }

    [Fact]
    public void A_missing_file_is_NotFound_and_its_deletion_done()
    {
        var file = Scope.NewLoopFile();

        Kernel.InspectFile(file).MustBeRefused(KernelFault.NotFound);
        Kernel.AttachLoop(file).MustBeRefused(KernelFault.NotFound);
        Kernel.EnlargeFile(file, ByteSize.MiB(1)).MustBeRefused(KernelFault.NotFound);
        Kernel.DeleteFile(file).Must();
    }

    [Fact]
    public void An_attached_file_is_a_device_of_its_size()
    {
        var (file, device) = Scope.OpenLoop(mebibytes: 8);

        Assert.Equal(ByteSize.MiB(8), Kernel.Inspect(device).Must().Size);
        Assert.Equal(device, Kernel.InspectFile(file).Must().Attached);
    }

    [Fact]
    public void Attaching_again_gives_the_same_device()
    {
        var (file, device) = Scope.OpenLoop(mebibytes: 8);

        Assert.Equal(device, Kernel.AttachLoop(file).Must());
    }

    [Fact]
    public void Two_files_get_two_devices()
    {
        Assert.NotEqual(Scope.OpenLoop(mebibytes: 1).Device, Scope.OpenLoop(mebibytes: 1).Device);
    }

    [Fact]
    public void Written_bytes_survive_detaching()
    {
        var (file, device) = Scope.OpenLoop(mebibytes: 8);
        Kernel.Write(device, ByteSize.MiB(1), ContractPool.Block(9)).Must();
        Kernel.DetachLoop(file).Must();
        Eventually.True(() => Kernel.InspectFile(file).Must().Attached is null, "the file is detached");

        device = Kernel.AttachLoop(file).Must();

        var read = new byte[ContractPool.BlockSize.Bytes];
        Kernel.Read(device, ByteSize.MiB(1), read).Must();
        Assert.Equal(ContractPool.Block(9), read);
    }

    [Fact]
    public void A_file_without_a_device_is_NotFound_to_detach()
    {
        var file = Scope.NewLoopFile();
        Kernel.CreateFile(file, ByteSize.MiB(1)).Must();

        Kernel.DetachLoop(file).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void An_attached_file_is_Busy_to_delete()
    {
        var (file, device) = Scope.OpenLoop(mebibytes: 1);

        Kernel.DeleteFile(file).MustBeRefused(KernelFault.Busy);

        Assert.Equal(device, Kernel.InspectFile(file).Must().Attached);
    }

    [Fact]
    public void A_device_in_use_is_Busy_to_detach_and_stays()
    {
        var (file, device) = Scope.OpenLoop(mebibytes: 2);
        var (name, uuid) = Scope.NewPool();
        var above = Scope.OpenSlice(DeviceNames.Data(name), DeviceNames.DataId(uuid), device, mebibytes: 1);

        Kernel.DetachLoop(file).MustBeRefused(KernelFault.Busy);

        Kernel.Write(above.Path, ByteSize.Zero, ContractPool.Block(1)).Must();
        Assert.Equal(device, Kernel.InspectFile(file).Must().Attached);
    }

    [Fact]
    public void A_longer_file_makes_its_device_longer_and_keeps_the_content()
    {
        var (file, device) = Scope.OpenLoop(mebibytes: 1);
        Kernel.Write(device, ByteSize.Zero, ContractPool.Block(3)).Must();

        Kernel.EnlargeFile(file, ByteSize.MiB(4)).Must();

        Assert.Equal(ByteSize.MiB(4), Kernel.Inspect(device).Must().Size);
        Assert.Equal(ByteSize.MiB(4), Kernel.InspectFile(file).Must().Size);
        var read = new byte[ContractPool.BlockSize.Bytes];
        Kernel.Read(device, ByteSize.Zero, read).Must();
        Assert.Equal(ContractPool.Block(3), read);
    }

    [Fact]
    public void A_file_is_never_made_shorter()
    {
        var (file, _) = Scope.OpenLoop(mebibytes: 2);

        Kernel.EnlargeFile(file, ByteSize.MiB(1)).MustBeRefused(KernelFault.Invalid);

        Assert.Equal(ByteSize.MiB(2), Kernel.InspectFile(file).Must().Size);
    }

    [Fact]
    public void A_discard_gives_the_space_back_to_the_host()
    {
        var (file, device) = Scope.OpenLoop(mebibytes: 4);
        Kernel.Write(device, ByteSize.Zero, ContractPool.Block(3, count: 32)).Must();
        Assert.True(Kernel.InspectFile(file).Must().Allocated >= ByteSize.MiB(2));

        Kernel.Discard(device, ByteSize.Zero, ByteSize.MiB(2)).Must();

        Eventually.True(
            () => Kernel.InspectFile(file).Must().Allocated <= ByteSize.KiB(64), "the file takes no space any more");
    }
}
