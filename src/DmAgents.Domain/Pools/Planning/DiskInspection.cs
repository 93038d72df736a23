using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>Examines a disk before it is added to a pool, and reports why it may not be.</summary>
/// <param name="What">The failed request, for the message: "cannot create pool".</param>
/// <param name="Own">The pool that grows: its own label is no obstacle. Null for a new pool.</param>
/// <param name="Force">Overwrite the content of the disk. A disk in use is refused even then.</param>
internal sealed record DiskInspection(IKernel Kernel, string What, PoolUuid? Own, bool Force)
{
    public Refusal? Look(DevicePath disk, out BlockDeviceInfo info)
    {
        var inspected = Kernel.Inspect(disk);
        info = inspected.Succeeded ? inspected.Value : null!;
        if (inspected.Error is { } error)
            return Unreadable(disk, error);
        if (info.InUse)
        {
            return No(RefusalKind.Busy, disk, "it is in use: mounted, or part of another device",
                $"see by whom: lsblk {disk}; or choose another disk");
        }
        if (info.ReadOnly)
            return No(RefusalKind.WrongState, disk, "it is read-only", "choose a disk that can be written");
        if (info.Shape.IsZoned)
        {
            return No(RefusalKind.Invalid, disk,
                "its zones can only be written from start to end (host-managed), and a thin pool writes anywhere",
                "choose a disk without zones");
        }
        if (info.Shape.Sector > DiskShape.LargestSector)
        {
            return No(RefusalKind.Invalid, disk,
                $"it has sectors of {info.Shape.Sector}, and a pool's metadata and file systems have blocks of "
                + $"{DiskShape.LargestSector}", $"choose a disk with sectors of {DiskShape.LargestSector} or less");
        }
        return info.Size < DiskLabel.Reserved.Bytes + ByteSize.MiB(1)
            ? No(RefusalKind.Invalid, disk, $"it has {info.Size}, hardly more than the agent's own label takes",
                "choose a larger disk")
            : Content(disk, info);
    }

    public Refusal No(RefusalKind kind, DevicePath disk, string why, string next) =>
        new(kind, What, disk.Value, why, next);

    private Refusal? Content(DevicePath disk, BlockDeviceInfo info)
    {
        Span<byte> start = new byte[DiskLabel.Length];
        var read = Kernel.Read(disk, ByteSize.Zero, start);
        if (read.Error is { } error)
            return Unreadable(disk, error);
        if (DiskLabel.Read(start) is { } label)
        {
            return Force || label.Pool == Own
                ? null
                : No(RefusalKind.WrongState, disk, $"it belongs to pool {label.Name} ({label.Pool})",
                    "choose another disk; where that pool's journal is lost, adopt it: dmagent pool adopt "
                    + $"{label.Name}; where it is no more, take the disk with --force: its content is lost");
        }
        return Force || info.Signature is null
            ? null
            : No(RefusalKind.WrongState, disk, $"it carries: {info.Signature}",
                "choose another disk; or take it with --force: its content is lost");
    }

    private Refusal Unreadable(DevicePath disk, KernelError error) => error.Fault switch
    {
        KernelFault.NotFound => No(RefusalKind.NotFound, disk, "there is no such device",
            "list those there are: lsblk"),
        KernelFault.Invalid => No(RefusalKind.Invalid, disk, "it is no block device", "list those there are: lsblk"),
        _ => No(RefusalKind.Failed, disk, error.ToString(), "see the kernel's log: dmesg"),
    };
}
