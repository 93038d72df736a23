using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>Mapped devices with the targets <c>thin</c> and <c>linear</c>.</summary>
public interface IMappedDevices
{
    /// <summary>Creates, loads and resumes a thin device; its node exists on return. A device without a table, left by
    /// a process that died, is completed; the same holds for every device and pool.</summary>
    /// <returns>Exists if the name or uuid is live; NotFound if the pool or the thin id is missing.</returns>
    KernelResult<LiveDevice> ActivateThin(ThinTable table);

    /// <summary>Loads another table (another length or access mode) into a live thin device and resumes it.</summary>
    KernelResult ReloadThin(ThinTable table);

    /// <summary>Creates, loads and resumes a device of linear segments. Exists if the name or uuid is live.</summary>
    KernelResult<LiveDevice> OpenLinear(LinearTable table);

    /// <summary>Loads another table into a live linear device and resumes it.</summary>
    KernelResult ReloadLinear(LinearTable table);

    /// <summary>The live device of that name. NotFound if there is none; a device without a table is not
    /// live.</summary>
    KernelResult<LiveDevice> Find(MappedName name);

    /// <summary>The live device with the table's name, and whether its active table equals this one: one status ioctl,
    /// and the numbers of the devices in the table. NotFound as for <see cref="Find"/>, or if a device of the table is
    /// missing.</summary>
    KernelResult<TableState> Compare(ThinTable table);

    /// <summary>As for a thin device.</summary>
    KernelResult<TableState> Compare(LinearTable table);

    /// <summary>Every mapped device of the host whose dm uuid starts with <paramref name="uuidStart"/>, including those
    /// without a table. Their nodes exist on return, even if a process died before it created one.</summary>
    KernelResult<IReadOnlyList<LiveDevice>> ListDevices(string uuidStart);

    /// <summary>
    /// Holds back new I/O and waits for outstanding I/O. With <paramref name="freeze"/> it first freezes the file
    /// system, so that the device's content is consistent. Already suspended: done.
    /// </summary>
    KernelResult Suspend(MappedName name, bool freeze);

    /// <summary>Resumes I/O. A device that is not suspended: done.</summary>
    KernelResult Resume(MappedName name);

    /// <summary>
    /// Removes a device. Busy if it is open; with <paramref name="deferred"/> that succeeds, and the kernel removes the
    /// device on last close. NotFound if it does not exist, live or without a table. In a deferred removal the device
    /// disappears slightly before its pool releases it: until then the pool, and the deletion of its thin id, may be
    /// Busy.
    /// </summary>
    KernelResult Remove(MappedName name, bool deferred);

    /// <summary>Watches all mapped devices of the host: a pool raises an event if it passes a mark or changes its
    /// mode.</summary>
    /// <returns>NotSupported if the kernel has no such events: then only polling is left.</returns>
    KernelResult<IDeviceEvents> WatchEvents();

    /// <summary>The bytes that a live thin device maps.</summary>
    KernelResult<ByteSize> MappedBytes(MappedName thin);

    /// <summary>What keeps a device open, as far as the kernel shows within a second: processes with a directory or
    /// file of its file system, devices stacked above, mounts in any mount namespace. Processes come first. Processes
    /// that have the device node itself open are not found.</summary>
    KernelResult<IReadOnlyList<DeviceHolder>> Holders(LiveDevice device);
}
