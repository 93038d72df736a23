using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>What scratch files are for: each use has files of its own.</summary>
public enum ScratchUse
{
    Mending,

    /// <summary>The proof of a backup, which may run beside a look of an operator.</summary>
    Proof,
}

/// <summary>
/// Files in the pool's own directory that are there only while metadata are looked at or mended. What a crash leaves of
/// them goes next time, or with the pool.
/// </summary>
internal sealed class ScratchFiles(IKernel kernel, PoolPaths paths, ScratchUse use = ScratchUse.Mending)
{
    /// <summary>What a scratch file leaves of its file system to everyone else: the journal is in it, too.</summary>
    public static readonly ByteSize Reserve = ByteSize.MiB(256);

    /// <summary>A copy of the present metadata.</summary>
    public LoopFile Old => Of("old");

    /// <summary>Metadata that may take their place.</summary>
    public LoopFile New => Of("new");

    /// <summary>A backup, uncompressed.</summary>
    public LoopFile Text => Of("text");

    private LoopFile Of(string part) => paths.ScratchFile(use == ScratchUse.Proof ? $"proof-{part}" : part);

    /// <summary>Makes one of them, sparse.</summary>
    /// <returns>NoSpace where it would not fit with the reserve, if all of it were written; there is no file then.
    /// </returns>
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
