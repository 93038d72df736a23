using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>LVM's volume groups, from which a pool of disks can get space.</summary>
public interface IVolumeGroups
{
    /// <summary>The device of an active linear volume. Creates a volume of that name if there is none: at least of that
    /// size, rounded up to the group's extents, without old signatures. An existing volume is used as it is, so the
    /// call is idempotent.</summary>
    /// <returns>NotFound if the group does not exist; Failed, with LVM's message, if the group is too full;
    /// NotSupported if LVM's programs are not installed.</returns>
    KernelResult<DevicePath> EnsureVolume(LogicalVolume volume, ByteSize size);

    /// <summary>The disks of the group, which determine the properties of a future volume.</summary>
    /// <returns>As <see cref="EnsureVolume"/>.</returns>
    KernelResult<IReadOnlyList<DevicePath>> DisksOf(string group);
}
