using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>Disks and loop devices through the kernel's own calls.</summary>
internal sealed class LinuxBlockDevices : IBlockDevices
{
    private readonly LoopDevices _loops = new();

    public KernelResult<BlockDeviceInfo> Inspect(DevicePath device)
    {
        var number = BlockNodes.NumberOf(device);
        if (!number.Succeeded)
            return number.Error;
        var opened = BlockNodes.Open(device, OpenFlags.ReadOnly);
        if (!opened.Succeeded)
            return opened.Error;
        using var file = opened.Value;
        var size = BlockControl.Size(file, device.Value);
        if (!size.Succeeded)
            return size.Error;
        var readOnly = BlockControl.ReadOnly(file, device.Value);
        if (!readOnly.Succeeded)
            return readOnly.Error;
        var shape = DiskShapes.Of(file, number.Value, device.Value);
        if (!shape.Succeeded)
            return shape.Error;
        var signature = Signatures.Find(size.Value.Bytes, new DeviceBytes(file, device.Value));
        if (!signature.Succeeded)
            return signature.Error;
        var inUse = IsClaimed(device);
        return inUse.Succeeded
            ? new BlockDeviceInfo(number.Value, size.Value, readOnly.Value, inUse.Value,
                signature.Value.Length == 0 ? null : signature.Value, StablePaths.Of(device, number.Value))
            {
                Shape = shape.Value,
            }
            : inUse.Error;
    }

    public KernelResult Read(DevicePath device, ByteSize offset, Span<byte> into)
    {
        var opened = BlockNodes.Open(device, OpenFlags.ReadOnly);
        if (!opened.Succeeded)
            return opened.Error;
        using var file = opened.Value;
        // The page cache still answers for a removed disk as long as a device above has it open.
        DeviceCalls.Advise(file, (long)offset.Bytes, into.Length, DeviceCalls.NotNeeded);
        return FileBytes.Read(file, device.Value, offset.Bytes, into);
    }

    public KernelResult Write(DevicePath device, ByteSize offset, ReadOnlySpan<byte> bytes)
    {
        var opened = OpenRange(device, offset, new ByteSize((ulong)bytes.Length));
        if (!opened.Succeeded)
            return opened.Error;
        using var file = opened.Value;
        var written = FileBytes.Write(file, device.Value, offset.Bytes, bytes);
        return written.Succeeded ? FileBytes.Sync(file, device.Value) : written;
    }

    public KernelResult Zero(DevicePath device, ByteSize offset, ByteSize length)
    {
        var opened = OpenRange(device, offset, length);
        if (!opened.Succeeded)
            return opened.Error;
        using var file = opened.Value;
        // If the disk cannot zero, the kernel writes zeros itself (blkdev_issue_zeroout).
        return BlockControl.Zero(file, device.Value, offset, length)
            .Then(() => FileBytes.Sync(file, device.Value));
    }

    public KernelResult Discard(DevicePath device, ByteSize offset, ByteSize length)
    {
        var opened = OpenRange(device, offset, length);
        if (!opened.Succeeded)
            return opened.Error;
        using var file = opened.Value;
        return BlockControl.Discard(file, device.Value, offset, length);
    }

    public KernelResult Flush(DevicePath device)
    {
        var opened = BlockNodes.Open(device, OpenFlags.ReadWrite);
        if (!opened.Succeeded)
            return opened.Error;
        using var file = opened.Value;
        return FileBytes.Sync(file, device.Value);
    }

    public KernelResult CreateFile(LoopFile file, ByteSize size) => LoopFiles.Create(file, size);

    public KernelResult EnlargeFile(LoopFile file, ByteSize size) => _loops.Enlarge(file, size);

    public KernelResult DeleteFile(LoopFile file) => _loops.Delete(file);

    public KernelResult<LoopFileInfo> InspectFile(LoopFile file) => LoopDevices.Inspect(file);

    public KernelResult<DevicePath> AttachLoop(LoopFile file) => _loops.Attach(file);

    public KernelResult DetachLoop(LoopFile file) => _loops.Detach(file);

    /// <summary>Opens for writing and checks that the range lies within the device.</summary>
    private static KernelResult<FileDescriptor> OpenRange(DevicePath device, ByteSize offset, ByteSize length)
    {
        var opened = BlockNodes.Open(device, OpenFlags.ReadWrite);
        if (!opened.Succeeded)
            return opened.Error;
        var size = BlockControl.Size(opened.Value, device.Value);
        if (size.Succeeded && length <= size.Value && offset <= size.Value - length)
            return opened;
        opened.Value.Dispose();
        return size.Error ?? new KernelError(KernelFault.Invalid, 0, "write", device.Value,
            $"{length.Bytes} bytes at {offset.Bytes} do not lie within its {size.Value.Bytes}");
    }

    /// <summary>The kernel refuses an exclusive open if a mount or another device has claimed the device.</summary>
    private static KernelResult<bool> IsClaimed(DevicePath device)
    {
        var flags = OpenFlags.ReadOnly | OpenFlags.Exclusive | OpenFlags.CloseOnExec;
        using var file = DeviceCalls.Open(device.Value, flags, 0);
        var errno = Marshal.GetLastPInvokeError();
        if (!file.IsInvalid)
            return false;
        return errno == Errno.Busy ? true : KernelErrors.From(errno, "open", device.Value);
    }
}
