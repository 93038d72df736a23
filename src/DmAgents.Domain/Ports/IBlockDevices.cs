using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>Disks, partitions and loop devices: the backing of pools.</summary>
public interface IBlockDevices
{
    /// <summary>Examines a block device. NotFound if it does not exist; Invalid if it is not a block device.</summary>
    KernelResult<BlockDeviceInfo> Inspect(DevicePath device);

    /// <summary>Reads bytes; for labels and tests. The range must lie within the device.</summary>
    KernelResult Read(DevicePath device, ByteSize offset, Span<byte> into);

    /// <summary>Writes bytes and waits until they are durable.</summary>
    KernelResult Write(DevicePath device, ByteSize offset, ReadOnlySpan<byte> bytes);

    /// <summary>Zeroes a range (BLKZEROOUT) and waits until the zeros are durable.</summary>
    KernelResult Zero(DevicePath device, ByteSize offset, ByteSize length);

    /// <summary>Discards a range (BLKDISCARD). NotSupported if the device cannot.</summary>
    KernelResult Discard(DevicePath device, ByteSize offset, ByteSize length);

    /// <summary>Makes all writes to the device durable (fsync; a flush for the disks below).</summary>
    KernelResult Flush(DevicePath device);

    /// <summary>Creates a sparse file for a loop device, mode 0600, durable with its directory entry. Exists if the
    /// file exists.</summary>
    KernelResult CreateFile(LoopFile file, ByteSize size);

    /// <summary>Enlarges the file and, if it is attached, its loop device. It never shrinks them: Invalid.</summary>
    KernelResult EnlargeFile(LoopFile file, ByteSize size);

    /// <summary>Deletes the file. A missing one: done. Busy if it is attached.</summary>
    KernelResult DeleteFile(LoopFile file);

    /// <summary>The file's size and its space in its file system. NotFound if it is missing.</summary>
    KernelResult<LoopFileInfo> InspectFile(LoopFile file);

    /// <summary>The loop device of the file; attaches the file if it is not attached, with direct I/O if the file
    /// system supports it. The loop device always has 512-byte sectors, regardless of the disk below and the kernel's
    /// default: a pool's sectors must not change between attachments. A loop device with other sectors is corrected
    /// while it is not open.</summary>
    KernelResult<DevicePath> AttachLoop(LoopFile file);

    /// <summary>Detaches the file's loop device. NotFound if it has none, Busy if the loop device is open.</summary>
    KernelResult DetachLoop(LoopFile file);
}

/// <summary>A block device.</summary>
/// <param name="Number">Its device number.</param>
/// <param name="Size">Its size.</param>
/// <param name="ReadOnly">The kernel refuses writes.</param>
/// <param name="InUse">It is mounted, or part of another device: an exclusive open is refused.</param>
/// <param name="Signature">What it contains, in words ("ext4 file system", "GPT partition table", "LVM physical
/// volume"), or null if nothing was recognized.</param>
/// <param name="StablePath">A path that names the same disk after a reboot (by-id), or the path given.</param>
public sealed record BlockDeviceInfo(
    DeviceNumber Number, ByteSize Size, bool ReadOnly, bool InUse, string? Signature, DevicePath StablePath)
{
    /// <summary>Its requirements and abilities.</summary>
    public DiskShape Shape { get; init; } = DiskShape.Plain;
}

/// <summary>A loop file.</summary>
/// <param name="Size">The size that its loop device has.</param>
/// <param name="Allocated">The space that it uses in its file system.</param>
/// <param name="HostFree">The free space in that file system.</param>
/// <param name="Attached">Its loop device, if it is attached.</param>
public sealed record LoopFileInfo(ByteSize Size, ByteSize Allocated, ByteSize HostFree, DevicePath? Attached);
