using DmAgents.Domain.Ports;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.DeviceMapper;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Processes;
using DmAgents.Kernel.ThinPools;

namespace DmAgents.Kernel;

/// <summary>
/// The kernel of this host, through its own calls. Requires root (CAP_SYS_ADMIN and CAP_MKNOD). Thread-safe. Holds one
/// descriptor, of /dev/mapper/control, until disposed.
/// </summary>
/// <remarks>Every error carries the kernel's errno; one place maps errno to a fault.</remarks>
public sealed partial class LinuxKernel : IKernel, IDisposable
{
    /// <summary>mkfs of a very large device over a slow network takes minutes, but never this long.</summary>
    private static readonly TimeSpan ProgramDeadline = TimeSpan.FromMinutes(10);

    /// <summary>For programs that read and rewrite all of a pool's metadata, at most 16 GiB.</summary>
    private static readonly TimeSpan MetadataDeadline = TimeSpan.FromHours(2);

    private readonly DmControl _control;
    private readonly LinuxThinPools _pools;
    private readonly LinuxMappedDevices _devices;
    private readonly LinuxFileSystems _fileSystems;
    private readonly LinuxBlockDevices _disks;
    private readonly VolumeGroups _volumes;

    private LinuxKernel(DmControl control)
    {
        _control = control;
        var devices = new DmDevices(control);
        var programs = new ProcessRunner(ProgramDeadline);
        var metadata = new ProcessRunner(MetadataDeadline);
        _pools = new LinuxThinPools(
            devices, new MetadataCheck(metadata), new MetadataPrograms(metadata), TimeProvider.System);
        _devices = new LinuxMappedDevices(devices);
        _fileSystems = new LinuxFileSystems(programs);
        _disks = new LinuxBlockDevices();
        _volumes = new VolumeGroups(programs);
    }

    /// <summary>Opens device-mapper.</summary>
    /// <returns>NotSupported if the kernel has no device-mapper, NotPermitted without root.
    /// <see cref="Hosts.KernelProbe"/> reports what else a host lacks.</returns>
    public static KernelResult<LinuxKernel> Open()
    {
        var control = DmControl.Open();
        return control.Succeeded ? new LinuxKernel(control.Value) : control.Error;
    }

    public void Dispose() => _control.Dispose();
}
