using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>The labels on the disks of a pool: they prove that a disk is the pool's.</summary>
internal sealed class DiskLabels(IKernel kernel, PoolContext pool)
{
    private PoolName Name => pool.Identity.Name;

    private PoolUuid Uuid => pool.Identity.Uuid;

    /// <summary>Refuses a disk without a label, or with another pool's label: it is not the disk it was.</summary>
    public KernelResult Verify(PoolBacking.Disks disks) => KernelResult.Each(DisksOf(disks), Verify);

    public KernelResult Verify(DevicePath disk)
    {
        var label = Read(disk);
        if (!label.Succeeded)
            return label.Outcome;
        return label.Value?.Pool == Uuid
            ? KernelResult.Done
            : new KernelError(KernelFault.Invalid, 0, "open pool", disk.Value, label.Value is { } other
                ? $"the disk belongs to pool {other.Name} ({other.Pool})"
                : $"the disk does not carry the label of pool {Name}");
    }

    public KernelResult Label(PoolBacking.Disks disks) => KernelResult.Each(DisksOf(disks), Label);

    public KernelResult Label(DevicePath disk)
    {
        var label = Read(disk);
        return !label.Succeeded ? label.Outcome
            : label.Value?.Pool == Uuid ? KernelResult.Done
            : kernel.Write(disk, ByteSize.Zero, new DiskLabel(Uuid, Name, DiskIdentity(disk)).ToBytes());
    }

    /// <summary>A disk that is missing, or by now belongs to another pool, has no label of this pool to
    /// erase.</summary>
    public KernelResult Erase(DevicePath disk)
    {
        var label = Read(disk);
        return label.FailedWith(KernelFault.NotFound) ? KernelResult.Done
            : !label.Succeeded ? label.Outcome
            : label.Value?.Pool == Uuid ? kernel.Zero(disk, ByteSize.Zero, DiskLabel.Reserved.Bytes)
            : KernelResult.Done;
    }

    public KernelResult<DiskLabel?> Read(DevicePath disk)
    {
        Span<byte> bytes = new byte[DiskLabel.Length];
        var read = kernel.Read(disk, ByteSize.Zero, bytes);
        return read.Succeeded ? DiskLabel.Read(bytes) : read.Error;
    }

    public static IEnumerable<DevicePath> DisksOf(PoolBacking.Disks disks) =>
        disks.Data.Concat(disks.Metadata).Select(part => part.Disk).Distinct();

    /// <summary>Deterministic for a disk of a pool, so that labelling again writes the same label.</summary>
    private Guid DiskIdentity(DevicePath disk) => new(
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{Uuid} {disk}"))
            .AsSpan(0, 16));
}
