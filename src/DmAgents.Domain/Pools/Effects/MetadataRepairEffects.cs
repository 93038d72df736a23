using System.IO.Compression;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>The outcome of making a pool's metadata usable.</summary>
public abstract record MetadataRepairOutcome
{
    private MetadataRepairOutcome()
    {
    }

    /// <summary>They are sound, and the needs_check flag is clear.</summary>
    public sealed record Sound : MetadataRepairOutcome;

    /// <summary>A replacement is ready: the pool's backing must become <paramref name="Backing"/>.</summary>
    /// <param name="Content">The content of the replacement.</param>
    public sealed record Ready(PoolBacking Backing, MetadataContent Content) : MetadataRepairOutcome;

    /// <summary>The metadata are unchanged.</summary>
    public sealed record Failed(KernelError Error) : MetadataRepairOutcome;
}

/// <summary>
/// Makes a pool's metadata usable. It never writes to the present metadata, except to clear the needs_check flag. After
/// a crash in between, the pool is as it was, and the whole procedure starts again.
/// </summary>
public sealed class MetadataRepairEffects(IKernel kernel, IDurableFiles files, PoolContext pool)
{
    private readonly AssemblyEffects _present = new(kernel, pool);
    private readonly MetadataDeviceEffects _metadata = new(kernel, pool);

    /// <summary>Deactivates the pool and all its devices.</summary>
    /// <param name="evenMounted">Unmounts lazily: the pool is in failed mode, so its mounts are unusable.</param>
    /// <returns>Busy if a process has a device open.</returns>
    public KernelResult TakeDown(bool evenMounted)
    {
        var mounts = kernel.Mounts();
        var live = kernel.ListDevices($"{DeviceNames.UuidPrefix}{pool.Identity.Uuid}-");
        if (!mounts.Succeeded || !live.Succeeded)
            return mounts.Outcome.Then(() => live.Outcome);
        var result = KernelResult.Done;
        foreach (var mount in mounts.Value.Where(m => IsBelow(m.Target)))
            result = result.Then(() => kernel.Unmount(mount.Target, detach: evenMounted).Or(KernelFault.Invalid));
        // No flush: closing a device wrote its pages back, as far as the pool accepted them.
        foreach (var device in live.Value.Where(d => DeviceNames.ThinIdOf(pool.Identity.Uuid, d.Uuid) is not null))
        {
            result = result.Then(() => kernel.Resume(device.Name))
                .Then(() => kernel.Remove(device.Name, deferred: false).Or(KernelFault.NotFound));
        }
        return result.Then(_present.Close);
    }

    /// <summary>
    /// Deactivates a pool in failed mode, or one that needs a check, so that it can be opened again. It does so
    /// only if the disks can be read again; the pool may be opened only if thin_check finds its metadata sound.
    /// </summary>
    /// <returns>The obstacle. The pool is unchanged, or not live.</returns>
    public KernelResult TakeDownToReopen(bool evenMounted) => _present.Reach()
        .Then(() => TakeDown(evenMounted))
        .Then(() =>
        {
            var metadata = _metadata.Attach();
            return metadata.Outcome.Then(() => kernel.CheckMetadata(metadata.Value))
                .Then(() => kernel.ClearNeedsCheck(metadata.Value))
                .Then(() => kernel.Flush(metadata.Value));
        });

    /// <summary>
    /// Makes the metadata of a pool that is not live usable. If they are sound, it only clears their flag. Otherwise it
    /// makes and checks a replacement in the place that <paramref name="next"/> reserves, beside the present metadata.
    /// On return nothing of the pool is live, so the next opening follows its journal.
    /// </summary>
    /// <param name="next">Null if there is no place for a replacement.</param>
    public MetadataRepairOutcome Repair(MetadataSource source, PoolBacking? next, MetadataShape shape)
    {
        var outcome = source is MetadataSource.Backup backup
            ? Replace(next, into => Restore(backup.Name, into, shape))
            : RepairPresent(next, shape);
        var closed = _present.Close();
        return closed.Error is { } error && outcome is not MetadataRepairOutcome.Failed
            ? new MetadataRepairOutcome.Failed(error)
            : outcome;
    }

    /// <summary>Restores metadata from a backup.</summary>
    /// <returns>NoSpace if there is no room for the backup's text.</returns>
    internal KernelResult Restore(
        BackupName backup, DevicePath into, MetadataShape shape, ScratchUse use = ScratchUse.Repair,
        bool yielding = false)
    {
        var path = PathOf(backup);
        if (OwnerOf(path) is { } owner && owner != pool.Identity.Uuid)
        {
            return new KernelError(KernelFault.Invalid, 0, "restore metadata", backup.FileName,
                $"it is a backup of pool {owner}, and this is {pool.Identity.Uuid}");
        }
        var scratch = new ScratchFiles(kernel, pool.Paths, use);
        var size = ByteSize.Zero;
        var restored = Read(backup, text => SizeOf(text, out size))
            .Then(() => scratch.Remove(scratch.Text))
            .Then(() => scratch.Make(scratch.Text, size))
            .Then(() => Read(
                backup, text => kernel.RestoreMetadata(text, scratch.Text, into, shape, yielding)));
        var removed = scratch.Remove(scratch.Text);
        return restored.Succeeded ? removed : restored;
    }

    private string PathOf(BackupName backup) => $"{pool.Paths.BackupDirectory}/{backup.FileName}";

    private KernelResult Read(BackupName backup, Func<Stream, KernelResult> read)
    {
        var opened = files.OpenRead(PathOf(backup));
        if (!opened.Succeeded)
            return opened.Error;
        using var compressed = opened.Value;
        using var text = new GZipStream(compressed, CompressionMode.Decompress);
        try
        {
            return read(text);
        }
        catch (InvalidDataException damaged)
        {
            return new KernelError(KernelFault.Invalid, 0, "uncompress", backup.FileName, damaged.Message);
        }
        catch (IOException unreadable)
        {
            return new KernelError(KernelFault.Failed, 0, "read", backup.FileName, unreadable.Message);
        }
    }

    /// <summary>A gzip file stores its uncompressed length only modulo 4 GiB.</summary>
    private static KernelResult SizeOf(Stream text, out ByteSize size)
    {
        var buffer = new byte[1 << 16];
        ulong length = 0;
        for (int read; (read = text.Read(buffer)) > 0;)
            length += (ulong)read;
        size = new ByteSize(length);
        return KernelResult.Done;
    }

    /// <summary>Metadata with another block size map other places on the same disks: the first write would destroy the
    /// pool's content.</summary>
    internal KernelResult<MetadataContent> Fitting(KernelResult<MetadataContent> content) =>
        content.Succeeded && content.Value.BlockSize != pool.Identity.BlockSize
            ? new KernelError(KernelFault.Invalid, 0, "restore metadata", pool.Identity.Name.Value,
                $"they are of a pool with blocks of {content.Value.BlockSize}, "
                    + $"and this one has {pool.Identity.BlockSize}")
            : content;

    private PoolUuid? OwnerOf(string path)
    {
        var opened = files.OpenRead(path);
        if (!opened.Succeeded)
            return null;
        using var file = opened.Value;
        return BackupOwner.Read(file);
    }

    private MetadataRepairOutcome RepairPresent(PoolBacking? next, MetadataShape shape)
    {
        var metadata = _metadata.Attach();
        if (!metadata.Succeeded)
            return new MetadataRepairOutcome.Failed(metadata.Error);
        var verdict = kernel.CheckMetadata(metadata.Value);
        if (verdict.FailedWith(KernelFault.Invalid))
            return Replace(next, into => kernel.RepairMetadata(
                metadata.Value, new ScratchFiles(kernel, pool.Paths).Text, into, shape).Outcome);
        var cleared = verdict.Then(() => kernel.ClearNeedsCheck(metadata.Value))
            .Then(() => kernel.Flush(metadata.Value));
        return cleared.Error is { } error ? new MetadataRepairOutcome.Failed(error) : new MetadataRepairOutcome.Sound();
    }

    private MetadataRepairOutcome Replace(PoolBacking? next, Func<DevicePath, KernelResult> write)
    {
        if (next is null)
        {
            return new MetadataRepairOutcome.Failed(new KernelError(
                KernelFault.NoSpace, 0, "repair metadata", pool.Identity.Name.Value,
                "there is no place for other metadata"));
        }
        var after = new MetadataDeviceEffects(kernel, pool with { Identity = pool.Identity with { Backing = next } });
        var into = after.AttachNext();
        var written = into.Outcome.Then(() => write(into.Value))
            .Then(() => kernel.CheckMetadata(into.Value))
            .Then(() => kernel.Flush(into.Value));
        var content = written.Succeeded ? Fitting(kernel.ReadMetadata(into.Value)) : written.Error;
        var detached = after.DetachNext();
        return content.Error is { } error ? new MetadataRepairOutcome.Failed(error)
            : detached.Error is { } held ? new MetadataRepairOutcome.Failed(held)
            : new MetadataRepairOutcome.Ready(next, content.Value);
    }

    private bool IsBelow(MountPath target) =>
        target.Value.StartsWith(pool.Paths.MountDirectory + "/", StringComparison.Ordinal);
}
