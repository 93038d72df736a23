using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>What a look at a pool's metadata has found.</summary>
/// <param name="Verdict">What is wrong with them; null where they are sound, or nobody looked.</param>
/// <param name="Present">What they hold, as far as that can be read.</param>
/// <param name="Result">What the metadata hold that would take their place; null where none are needed.</param>
public sealed record MetadataLook(KernelError? Verdict, MetadataContent? Present, MetadataContent? Result)
{
    /// <summary>thin_repair saves fewer devices, or none: the result is what our own reader reaches.</summary>
    public bool IsReadOut { get; init; }
}

/// <summary>
/// Tries out what <see cref="MendEffects"/> would do, on copies in the pool's own directory. Neither pool nor metadata
/// are touched, whoever uses them; the copies are gone again when this returns, and what a crash leaves of them goes
/// next time.
/// </summary>
public sealed class LookEffects(
    IKernel kernel, IDurableFiles files, PoolContext pool, ScratchUse use = ScratchUse.Mending)
{
    private readonly ScratchFiles _scratch = new(kernel, pool.Paths, use);

    /// <summary>What is proved is proved in the background.</summary>
    private bool Yielding => use == ScratchUse.Proof;

    /// <returns>NoSpace where the copies would fill the disk that the pool has its files on.</returns>
    public KernelResult<MetadataLook> Look(MetadataSource source, MetadataShape shape)
    {
        var ready = Clean();
        if (!ready.Succeeded)
            return ready.Error;
        var looked = source is MetadataSource.Backup backup ? LookAtBackup(backup.Name, shape) : LookAtPresent(shape);
        var cleaned = Clean();
        return looked.Succeeded && !cleaned.Succeeded ? cleaned.Error : looked;
    }

    /// <summary>Removes what an earlier look, or a restore, has left.</summary>
    public KernelResult Clean() => _scratch.RemoveAll();

    private KernelResult<MetadataLook> LookAtPresent(MetadataShape shape)
    {
        var parts = new AssemblyEffects(kernel, pool).FindMetadata();
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
            @new, @new.Outcome.Then(() => new MendEffects(kernel, files, pool).Restore(
                backup, @new.Value, shape, use, Yielding)));
        return result.Succeeded ? new MetadataLook(Verdict: null, Present: null, result.Value) : result.Error;
    }

    private KernelResult<MetadataContent> Checked(KernelResult<DevicePath> device, KernelResult written)
    {
        var sound = written.Then(() => kernel.CheckMetadata(device.Value, Yielding));
        return sound.Succeeded
            ? new MendEffects(kernel, files, pool).Fitting(kernel.ReadMetadata(device.Value))
            : sound.Error;
    }

    /// <summary>Without a look at the disks: they may be gone, which is when a backup is needed most.</summary>
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
