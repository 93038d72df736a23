using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>The result of examining a pool's metadata.</summary>
/// <param name="Verdict">The damage; null if they are sound, or were not checked.</param>
/// <param name="Present">Their content, as far as it can be read.</param>
/// <param name="Result">The content of the replacement; null if none is needed.</param>
public sealed record MetadataLook(KernelError? Verdict, MetadataContent? Present, MetadataContent? Result)
{
    /// <summary>thin_repair saves fewer devices, or none: the result comes from our own reader.</summary>
    public bool IsReadOut { get; init; }
}

/// <summary>
/// Tries on copies, in the pool's own directory, what <see cref="MetadataRepairEffects"/> would do. It changes neither
/// pool nor metadata, even while they are in use. It deletes the copies before it returns; the next run deletes copies
/// that a crash left.
/// </summary>
public sealed class LookEffects(
    IKernel kernel, IDurableFiles files, PoolContext pool, ScratchUse use = ScratchUse.Repair)
{
    private readonly ScratchFiles _scratch = new(kernel, pool.Paths, use);

    /// <summary>Proofs run at background priority.</summary>
    private bool Yielding => use == ScratchUse.Proof;

    /// <returns>NoSpace if the copies would fill the file system that holds the pool's files.</returns>
    public KernelResult<MetadataLook> Look(MetadataSource source, MetadataShape shape)
    {
        var ready = Clean();
        if (!ready.Succeeded)
            return ready.Error;
        var looked = source is MetadataSource.Backup backup ? LookAtBackup(backup.Name, shape) : LookAtPresent(shape);
        var cleaned = Clean();
        return looked.Succeeded && !cleaned.Succeeded ? cleaned.Error : looked;
    }

    /// <summary>Deletes the scratch files of an earlier look or restore.</summary>
    public KernelResult Clean() => _scratch.RemoveAll();

    private KernelResult<MetadataLook> LookAtPresent(MetadataShape shape)
    {
        var parts = new MetadataDeviceEffects(kernel, pool).Find();
        if (!parts.Succeeded)
            return parts.Error;
        var size = parts.Value.Aggregate(default(SectorCount), (sum, part) => sum + part.Length).Bytes;
        var old = Make(_scratch.Old, size);
        var copied = old.Outcome.Then(() => kernel.CopyMetadata(parts.Value, old.Value));
        if (!copied.Succeeded)
            return copied.Error;
        var verdict = kernel.CheckMetadata(old.Value);
        var read = kernel.ReadMetadata(old.Value);
        var present = read.Succeeded ? read.Value : null;
        if (!verdict.FailedWith(KernelFault.Invalid))
            return verdict.Error is { } error ? error : new MetadataLook(Verdict: null, present, Result: null);
        var @new = Make(_scratch.New, size);
        if (!@new.Succeeded)
            return @new.Error;
        var repaired = kernel.RepairMetadata(old.Value, _scratch.Text, @new.Value, shape);
        var result = Checked(@new, repaired.Outcome);
        return result.Succeeded
            ? new MetadataLook(verdict.Error, present, result.Value)
            {
                IsReadOut = repaired.Value == MetadataRepair.ByReader,
            }
            : result.Error;
    }

    private KernelResult<MetadataLook> LookAtBackup(BackupName backup, MetadataShape shape)
    {
        var @new = Make(_scratch.New, SizeOfMetadata());
        var result = Checked(
            @new, @new.Outcome.Then(() => new MetadataRepairEffects(kernel, files, pool).Restore(
                backup, @new.Value, shape, use, Yielding)));
        return result.Succeeded ? new MetadataLook(Verdict: null, Present: null, result.Value) : result.Error;
    }

    private KernelResult<MetadataContent> Checked(KernelResult<DevicePath> device, KernelResult written)
    {
        var sound = written.Then(() => kernel.CheckMetadata(device.Value, Yielding));
        return sound.Succeeded
            ? new MetadataRepairEffects(kernel, files, pool).Fitting(kernel.ReadMetadata(device.Value))
            : sound.Error;
    }

    /// <summary>Does not access the disks: they may be gone, and then a backup is needed most.</summary>
    private ByteSize SizeOfMetadata() => pool.Identity.Backing switch
    {
        PoolBacking.Disks disks =>
            disks.Metadata.Aggregate(default(SectorCount), (sum, part) => sum + part.Length).Bytes,
        PoolBacking.LoopFiles loops => loops.Metadata.Size,
        _ => throw new InvalidOperationException("a backing without metadata of its own"),
    };

    private KernelResult<DevicePath> Make(LoopFile file, ByteSize size)
    {
        var made = _scratch.Make(file, size);
        return made.Succeeded ? kernel.AttachLoop(file) : made.Error;
    }
}
