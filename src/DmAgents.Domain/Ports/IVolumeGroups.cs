using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>LVM's volume groups, from which a pool of disks can take room.</summary>
public interface IVolumeGroups
{
    /// <summary>The device of a linear volume, active. Makes the volume where there is none of that name: at least of
    /// that size, rounded up to the group's extents, without the signatures of what was there before. One that is there
    /// is taken as it is, so that it is safe to ask again.</summary>
    /// <returns>NotFound where there is no such group; Failed, with LVM's words, where it has not the room;
    /// NotSupported where LVM's programs are not installed.</returns>
    KernelResult<DevicePath> EnsureVolume(LogicalVolume volume, ByteSize size);

    /// <summary>The disks of the group: what a volume of it will be like is known before there is one.</summary>
    /// <returns>As <see cref="EnsureVolume"/>.</returns>
    KernelResult<IReadOnlyList<DevicePath>> DisksOf(string group);
}
