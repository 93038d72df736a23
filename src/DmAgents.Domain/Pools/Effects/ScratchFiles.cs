using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>The purposes of scratch files. Each has its own files.</summary>
public enum ScratchUse
{
    /// <summary>An operator's look at metadata, and their repair.</summary>
    Repair,

    /// <summary>Proving a backup, which may run at the same time as an operator's look.</summary>
    Proof,
}

/// <summary>
/// Files in the pool's own directory that exist only while metadata are examined or repaired. The next run deletes
/// files that a crash left, and so does retiring the pool.
/// </summary>
internal sealed class ScratchFiles(IKernel kernel, PoolPaths paths, ScratchUse use = ScratchUse.Repair)
{
    /// <summary>Free space that a scratch file leaves to other users of the file system, among them the
    /// journal.</summary>
    public static readonly ByteSize Reserve = ByteSize.MiB(256);

    /// <summary>A copy of the present metadata.</summary>
    public LoopFile Old => Of("old");

    /// <summary>The replacement metadata.</summary>
    public LoopFile New => Of("new");

    /// <summary>A backup, uncompressed.</summary>
    public LoopFile Text => Of("text");

    private LoopFile Of(string part) => paths.ScratchFile(use == ScratchUse.Proof ? $"proof-{part}" : part);

    /// <summary>Creates one of the files, sparse.</summary>
    /// <returns>NoSpace, without a file, if the fully written file and the reserve would not fit.</returns>
    public KernelResult Make(LoopFile file, ByteSize size)
    {
        var made = kernel.EnsureDirectory(file.Directory)
            .Then(() => kernel.CreateFile(file, size));
        if (!made.Succeeded)
            return made;
        var found = kernel.InspectFile(file);
        if (!found.Succeeded)
            return found.Error;
        if (found.Value.HostFree >= size + Reserve)
            return KernelResult.Done;
        var removed = Remove(file);
        return removed.Succeeded
            ? new KernelError(KernelFault.NoSpace, 0, "make scratch file", file.Value,
                $"it takes up to {size} and must leave {Reserve} to others, and {found.Value.HostFree} are free")
            : removed;
    }

    public KernelResult Remove(LoopFile file) =>
        kernel.DetachLoop(file).Or(KernelFault.NotFound).Then(() => kernel.DeleteFile(file));

    public KernelResult RemoveAll() => Remove(Old).Then(() => Remove(New)).Then(() => Remove(Text));
}
