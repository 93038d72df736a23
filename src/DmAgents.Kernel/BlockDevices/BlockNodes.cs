using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>Block device nodes: the device behind a path, and the node of a device number.</summary>
internal static class BlockNodes
{
    /// <summary>The device that a path leads to. NotFound if nothing is there, Invalid if it is not a block
    /// device.</summary>
    public static KernelResult<DeviceNumber> NumberOf(DevicePath path)
    {
        var result = DeviceCalls.Stat(
            FileStatus.CurrentDirectory, path.Value, 0, FileStatus.BasicFields, out var status);
        var errno = Marshal.GetLastPInvokeError();
        if (result < 0)
            return KernelErrors.From(errno, "stat", path.Value);
        return status.IsBlockDevice
            ? status.Node
            : new KernelError(KernelFault.Invalid, 0, "stat", path.Value, "not a block device");
    }

    /// <summary>Opens a device. Never through FileStream, which takes a flock on it.</summary>
    public static KernelResult<FileDescriptor> Open(DevicePath path, int flags)
    {
        var number = NumberOf(path);
        if (!number.Succeeded)
            return number.Error;
        var file = DeviceCalls.Open(path.Value, flags | OpenFlags.CloseOnExec, 0);
        var errno = Marshal.GetLastPInvokeError();
        if (!file.IsInvalid)
            return file;
        file.Dispose();
        return KernelErrors.From(errno, "open", path.Value);
    }

    /// <summary>The devtmpfs node of a device, by its name in sysfs. NotFound if sysfs has no name or devtmpfs no
    /// node.</summary>
    public static KernelResult<DevicePath> NodeOf(DeviceNumber number)
    {
        const string named = "DEVNAME=";
        var events = $"/sys/dev/block/{number}/uevent";
        if (!File.Exists(events))
            return new KernelError(KernelFault.NotFound, 0, "find node", number.ToString(), $"no {events}");
        var name = File.ReadLines(events).FirstOrDefault(line => line.StartsWith(named, StringComparison.Ordinal));
        if (name is null)
            return new KernelError(KernelFault.NotFound, 0, "find node", number.ToString(), $"no name in {events}");
        var path = new DevicePath("/dev/" + name[named.Length..]);
        var found = NumberOf(path);
        if (!found.Succeeded)
            return found.Error;
        return found.Value == number
            ? path
            : new KernelError(KernelFault.NotFound, 0, "find node", number.ToString(), $"{path} is {found.Value}");
    }
}
