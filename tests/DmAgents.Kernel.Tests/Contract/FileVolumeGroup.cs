using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;

namespace DmAgents.Kernel.Tests.Contract;

/// <summary>A volume group on a loop file, by LVM's own programs.</summary>
internal sealed class FileVolumeGroup : IDisposable
{
    private readonly LinuxKernel _kernel;
    private readonly LoopFile _file;
    private readonly string _name;

    public FileVolumeGroup(LinuxKernel kernel, string path, string name)
    {
        (_kernel, _file, _name) = (kernel, new LoopFile(path), name);
        kernel.CreateFile(_file, ByteSize.MiB(128)).Must();
        var loop = kernel.AttachLoop(_file).Must();
        Programs.Run("/usr/sbin/pvcreate", "--quiet", loop.Value);
        Programs.Run("/usr/sbin/vgcreate", "--quiet", name, loop.Value);
    }

    public void Dispose()
    {
        Programs.Run("/usr/sbin/vgremove", "--quiet", "--force", "--yes", _name);
        _kernel.DetachLoop(_file).Must();
        _kernel.DeleteFile(_file).Must();
    }
}
