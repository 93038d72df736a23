using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>Mapped devices of the targets <c>thin</c> and <c>linear</c>.</summary>
public interface IMappedDevices
{
    /// <summary>Creates, loads and resumes a thin device; its node is there when this returns. One that was created and
    /// has no table, because who made it died there, is made to its end; so it is with every device and pool.</summary>
    /// <returns>Exists where the name or uuid is live; NotFound where the pool or the thin id is missing.</returns>
    KernelResult<LiveDevice> ActivateThin(ThinTable table);

    /// <summary>Gives a live thin device another table (longer, or of another access mode) and resumes it.</summary>
    KernelResult ReloadThin(ThinTable table);

    /// <summary>Creates, loads and resumes a device of linear segments. Exists where the name or uuid is
    /// live.</summary>
    KernelResult<LiveDevice> OpenLinear(LinearTable table);

    /// <summary>Gives a live linear device another table and resumes it.</summary>
    KernelResult ReloadLinear(LinearTable table);

    /// <summary>The device of that name. NotFound where none is live; one without a table is not.</summary>
    KernelResult<LiveDevice> Find(MappedName name);

    /// <summary>The live device of the table's name, and whether the table in use is this one: one status ioctl and the
    /// numbers of the devices named. NotFound as for <see cref="Find"/>, or if a device of the table is missing.
    /// </summary>
    KernelResult<TableState> Compare(ThinTable table);

    /// <summary>As for a thin device.</summary>
    KernelResult<TableState> Compare(LinearTable table);

    /// <summary>Every mapped device of the host whose dm uuid begins with <paramref name="uuidStart"/>, those without
    /// a table among them. Their nodes are there when this returns, also where someone died before he had made
    /// one.</summary>
    KernelResult<IReadOnlyList<LiveDevice>> ListDevices(string uuidStart);

    /// <summary>
    /// Holds back new I/O and waits for what is under way; with <paramref name="freeze"/> the file system on it is
    /// frozen first, so that what is below is consistent. A suspended device again: done.
    /// </summary>
    KernelResult Suspend(MappedName name, bool freeze);

    /// <summary>Lets I/O through again. A device that is not suspended: done.</summary>
    KernelResult Resume(MappedName name);

    /// <summary>
    /// Removes a device. Busy where it is open; with <paramref name="deferred"/> it then goes when its last user
    /// closes it, and this is done. NotFound where there is none, live or without a table. One that goes with its last
    /// user is not found any more a moment before its pool has let go of it: until then the pool, and the deletion of
    /// its thin id, may be Busy.
    /// </summary>
    KernelResult Remove(MappedName name, bool deferred);

    /// <summary>A watch of every mapped device of the host: a pool that passes a mark or changes its mode has an event.
    /// </summary>
    /// <returns>NotSupported where the kernel cannot tell: then only looking regularly is left.</returns>
    KernelResult<IDeviceEvents> WatchEvents();

    /// <summary>What a live thin device has mapped, in bytes.</summary>
    KernelResult<ByteSize> MappedBytes(MappedName thin);

    /// <summary>What keeps a device open, as far as the kernel tells within a second: processes with a directory or
    /// file of its file system, devices stacked above, mounts in any mount namespace. The processes come first; those
    /// that have the device itself open are not found.</summary>
    KernelResult<IReadOnlyList<DeviceHolder>> Holders(LiveDevice device);
}
