using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;

namespace DmAgents.Kernel.Tests.Contract;

/// <summary>A loop device that presents sectors of 4 KiB (LOOP_SET_BLOCK_SIZE), which stands for such a disk.</summary>
internal sealed class LargeSectorDisk : IDisposable
{
    private readonly LinuxKernel _kernel;
    private readonly LoopFile _file;

    public LargeSectorDisk(LinuxKernel kernel, string path)
    {
        (_kernel, _file) = (kernel, new LoopFile(path));
        kernel.CreateFile(_file, ByteSize.MiB(512)).Must();
        Disk = new DevicePath(
            Programs.Run("/usr/sbin/losetup", "--find", "--show", "--sector-size", "4096", path));
    }

    public DevicePath Disk { get; }

    public void Dispose()
    {
        _kernel.DetachLoop(_file).Must();
        _kernel.DeleteFile(_file).Must();
    }
}
