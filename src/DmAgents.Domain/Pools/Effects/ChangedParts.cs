using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>A part of a live pool that differs from the journal because another program changed it.</summary>
/// <param name="Subject">The device or file.</param>
/// <param name="What">The difference.</param>
/// <param name="Why">The evidence, in the kernel's words if there are any.</param>
/// <param name="Next">What an operator can do; null if a repair restores the part. Do not advise a repair that would
/// find another file or device: it is refused, and leaves the pool closed.</param>
public sealed record ChangedPart(string Subject, string What, string Why, string? Next);

/// <summary>Finds changes that other programs made below a live pool.</summary>
public sealed class ChangedParts(IKernel kernel, PoolContext pool)
{
    private const string CopyAway =
        "if it is lost, copy the containers' content away while the pool is live: it does not come back after a restart "
        + "of the host";

    private readonly PoolTables _tables = new(kernel, pool);

    /// <summary>Tables of the live pool and the devices below it, loop files and loop devices that differ from the
    /// journal. Changes nothing. Empty for a pool that another program assembles, and for one that is not
    /// live.</summary>
    public IEnumerable<ChangedPart> Find() => pool.Identity.Backing switch
    {
        PoolBacking.Disks disks =>
        [
            .. Changed(kernel.Compare(_tables.DataOf(disks))),
            .. Changed(kernel.Compare(_tables.MetadataOf(disks))),
            .. Changed(kernel.Compare(_tables.PoolOf(disks))),
        ],
        PoolBacking.LoopFiles files when kernel.Find(pool.Device).Succeeded => Find(files),
        _ => [],
    };

    private IEnumerable<ChangedPart> Find(PoolBacking.LoopFiles files)
    {
        var (metadata, data) = (kernel.InspectFile(files.Metadata.File), kernel.InspectFile(files.Data.File));
        var changed = Changed(files.Metadata, metadata).Concat(Changed(files.Data, data));
        return metadata is { Succeeded: true, Value.Attached: { } below }
            && data is { Succeeded: true, Value.Attached: { } beside }
            ? changed.Concat(Changed(kernel.Compare(_tables.PoolOf(below, beside, files.Data.Size.Sectors))))
            : changed;
    }

    /// <summary>The live pool keeps using its open file, even if that is renamed or deleted; a deleted file is lost
    /// with the loop device.</summary>
    private IEnumerable<ChangedPart> Changed(LoopFilePart part, KernelResult<LoopFileInfo> file)
    {
        if (file.Error is { } error)
        {
            yield return new ChangedPart(part.File.Value, error.Fault == KernelFault.NotFound
                ? "the file is gone, and the live pool uses it still"
                : "the file cannot be looked at", error.ToString(), $"put the pool's own file back; {CopyAway}");
            yield break;
        }
        if (file.Value.Size < part.Size)
        {
            yield return new ChangedPart(part.File.Value, "the file is shorter than the journal says",
                $"it has {file.Value.Size} of {part.Size}",
                $"make it as long again before the pool writes there: truncate --size {part.Size.Bytes} {part.File}");
        }
        if (file.Value.Attached is not { } loop)
        {
            yield return new ChangedPart(part.File.Value, "the live pool does not use this file",
                "no loop device has it: another file was put in its place, or another one attached",
                $"put the pool's own file back (losetup --list names it); {CopyAway}");
        }
        else if (kernel.Inspect(loop) is { Succeeded: true, Value.Size: var size } && size < part.Size)
        {
            yield return new ChangedPart(loop.Value, "the loop device does not show the whole file",
                $"it has {size} of {part.Size}: it was given an offset or a limit, or was attached when the file was "
                    + "shorter",
                $"stop what uses the pool and the agent, take the pool down (dmsetup remove {pool.Device}), "
                    + $"detach {loop} (losetup --detach) and start the agent");
        }
    }

    private static IEnumerable<ChangedPart> Changed(KernelResult<TableState> compared)
    {
        if (compared is { Succeeded: true, Value: { IsAsGiven: false } found })
        {
            yield return new ChangedPart(
                found.Device.Name.Value,
                found.MapsAsGiven ? "its table was changed" : "its table maps other devices than the journal says",
                found.Text,
                found.MapsAsGiven ? null
                    : "find out which of the two has the pool's blocks before anything is repaired: "
                        + $"dmsetup table {found.Device.Name}, losetup --list");
        }
    }
}
