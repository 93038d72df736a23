using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>Disks, partitions and loop devices: what pools are made of.</summary>
public interface IBlockDevices
{
    /// <summary>Looks at a block device. NotFound where there is none; Invalid where it is no block device.</summary>
    KernelResult<BlockDeviceInfo> Inspect(DevicePath device);

    /// <summary>Reads bytes; used for labels and by tests. The range must lie within the device.</summary>
    KernelResult Read(DevicePath device, ByteSize offset, Span<byte> into);

    /// <summary>Writes bytes and waits until they are durable.</summary>
    KernelResult Write(DevicePath device, ByteSize offset, ReadOnlySpan<byte> bytes);

    /// <summary>Zeroes a range (BLKZEROOUT) and waits until that is durable.</summary>
    KernelResult Zero(DevicePath device, ByteSize offset, ByteSize length);

    /// <summary>Discards a range (BLKDISCARD). NotSupported where the device cannot.</summary>
    KernelResult Discard(DevicePath device, ByteSize offset, ByteSize length);

    /// <summary>Makes everything written to the device durable (fsync; a flush for the disks below).</summary>
    KernelResult Flush(DevicePath device);

    /// <summary>Makes a sparse file for a loop device, mode 0600, durable with its directory entry. Exists where there
    /// is one.</summary>
    KernelResult CreateFile(LoopFile file, ByteSize size);

    /// <summary>Makes the file longer and, where it is attached, its loop device too. Never shorter: Invalid.</summary>
    KernelResult EnlargeFile(LoopFile file, ByteSize size);

    /// <summary>Removes the file. A missing one: done. Busy where it is attached.</summary>
    KernelResult DeleteFile(LoopFile file);

    /// <summary>The file's size and what it takes of its file system. NotFound where it is missing.</summary>
    KernelResult<LoopFileInfo> InspectFile(LoopFile file);

    /// <summary>The loop device of the file, attached where it is not (direct I/O where the file system can). Its
    /// sectors have 512 bytes, whatever those of the disk below are and whatever the kernel would choose: a pool's
    /// sectors must not change from one attachment to the next. One that has others is set right while it is not open.
    /// </summary>
    KernelResult<DevicePath> AttachLoop(LoopFile file);

    /// <summary>Detaches the file's loop device. NotFound where it has none, Busy where that is open.</summary>
    KernelResult DetachLoop(LoopFile file);
}

/// <summary>A block device.</summary>
/// <param name="Number">Its device number.</param>
/// <param name="Size">Its size.</param>
/// <param name="ReadOnly">The kernel refuses writes.</param>
/// <param name="InUse">Mounted, or part of another device: an exclusive open is refused.</param>
/// <param name="Signature">What is on it, in words ("ext4 file system", "GPT partition table", "LVM physical volume"),
/// or null where nothing was recognized.</param>
/// <param name="StablePath">A path that names the same disk after a reboot (by-id), or the path given.</param>
public sealed record BlockDeviceInfo(
    DeviceNumber Number, ByteSize Size, bool ReadOnly, bool InUse, string? Signature, DevicePath StablePath)
{
    /// <summary>What it demands, and what it can do.</summary>
    public DiskShape Shape { get; init; } = DiskShape.Plain;
}

/// <summary>A loop file.</summary>
/// <param name="Size">The size that its loop device has.</param>
/// <param name="Allocated">What it takes of its file system.</param>
/// <param name="HostFree">What is free in that file system.</param>
/// <param name="Attached">Its loop device, where it has one.</param>
public sealed record LoopFileInfo(ByteSize Size, ByteSize Allocated, ByteSize HostFree, DevicePath? Attached);
