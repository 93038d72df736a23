using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>
/// A pool's metadata at rest and copies of them, through the programs that the kernel's own authors maintain (Debian:
/// thin-provisioning-tools). <see cref="IThinPools.CheckMetadata"/> checks whether they are sound.
/// </summary>
/// <remarks>Takes minutes on large metadata. NotSupported if a program is not installed. Do not use these on the
/// metadata device of a live pool, unless a member permits it.</remarks>
public interface IPoolMetadata
{
    /// <summary>Clears the kernel's needs_check flag if the metadata are sound (thin_check --clear-needs-check-flag).
    /// If the flag is clear: done.</summary>
    /// <returns>Invalid if the metadata are damaged; then they are unchanged.</returns>
    KernelResult ClearNeedsCheck(DevicePath metadata);

    /// <summary>
    /// Writes what can be saved of damaged metadata to another device, complete and without the needs_check flag. It
    /// uses thin_repair, or our own reader if that reaches more devices. It only reads the damaged metadata.
    /// </summary>
    /// <param name="damaged">The metadata. Their superblock may be destroyed.</param>
    /// <param name="scratch">A file for the text. It is deleted on return.</param>
    /// <param name="into">At least as large as what is saved; its content is lost.</param>
    /// <param name="shape">The pool's known shape, for a superblock that has lost it.</param>
    /// <returns>Failed if nothing can be saved, or <paramref name="into"/> is too small.</returns>
    KernelResult<MetadataRepair> RepairMetadata(
        DevicePath damaged, LoopFile scratch, DevicePath into, MetadataShape shape);

    /// <summary>Reads the thin devices from sound metadata of a pool that is not live, without writing. Failed if they
    /// cannot be read, or are not a thin pool's.</summary>
    KernelResult<MetadataContent> ReadMetadata(DevicePath metadata);

    /// <summary>Reads the pool's layout from the first block of metadata, bypassing every cache; works for a live pool
    /// too. Failed if there are no thin-pool metadata.</summary>
    /// <param name="start">Where the metadata start on the device.</param>
    KernelResult<MetadataLayout> InspectMetadata(DevicePath device, SectorCount start);

    /// <summary>
    /// Copies metadata as they are on disk, bypassing every cache, to a fresh device of zeros. Works for a live pool
    /// too: the copy is consistent if that pool takes no changes.
    /// </summary>
    KernelResult CopyMetadata(ImmutableArray<LinearSegment> from, DevicePath into);

    /// <summary>
    /// Writes the present metadata of a live pool as text (thin_dump). It uses the metadata snapshot, which other
    /// readers share meanwhile. Busy if another program holds it.
    /// </summary>
    /// <returns>The content that was written.</returns>
    KernelResult<MetadataContent> DumpMetadata(MappedName pool, Stream into);

    /// <summary>Restores metadata from such a text (thin_restore). Overwrites the device.</summary>
    /// <param name="text">A text from <see cref="DumpMetadata"/>.</param>
    /// <param name="scratch">A file for the text, which thin_restore needs. It is deleted on return.</param>
    /// <param name="into">At least as large as the restored metadata.</param>
    /// <param name="shape">The pool's shape: a metadata snapshot, and so the text, lacks the pool's number of
    /// blocks.</param>
    /// <param name="yielding">Runs at the lowest priority, for work that no caller waits for.</param>
    /// <returns>Failed if the text is damaged or the device too small; NoSpace if there is no room for the
    /// file.</returns>
    KernelResult RestoreMetadata(
        Stream text, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding = false);
}

/// <summary>What saved damaged metadata.</summary>
public enum MetadataRepair
{
    /// <summary>thin_repair.</summary>
    ByProgram,

    /// <summary>Our own reader, which reached devices that thin_repair could not save.</summary>
    ByReader,
}

/// <summary>A pool's shape, for metadata that lack it.</summary>
/// <param name="TransactionId">The id that the journal expects.</param>
/// <param name="BlockSize">The pool's block size.</param>
/// <param name="DataBlocks">The number of data blocks.</param>
public sealed record MetadataShape(TransactionId TransactionId, PoolBlockSize BlockSize, ulong DataBlocks);

/// <summary>A pool's layout, by its metadata.</summary>
/// <param name="BlockSize">The size of its data blocks.</param>
/// <param name="DataBlocks">The number of data blocks.</param>
/// <param name="Metadata">The size that the kernel uses for its metadata.</param>
public sealed record MetadataLayout(PoolBlockSize BlockSize, ulong DataBlocks, ByteSize Metadata)
{
    public ByteSize Data => new(DataBlocks * BlockSize.Bytes.Bytes);
}

/// <summary>The content of metadata.</summary>
/// <param name="TransactionId">The pool's transaction id, which its owner sets.</param>
/// <param name="BlockSize">The block size that the pool's table must have.</param>
/// <param name="NeedsCheck">The kernel requires a check before it changes them.</param>
/// <param name="Thins">Every thin id with its mapped blocks, ascending.</param>
public sealed record MetadataContent(
    TransactionId TransactionId, PoolBlockSize BlockSize, bool NeedsCheck, ImmutableArray<ThinUsage> Thins)
{
    public bool Equals(MetadataContent? other) =>
        other is not null && TransactionId == other.TransactionId && BlockSize == other.BlockSize
        && NeedsCheck == other.NeedsCheck && Thins.SequenceEqual(other.Thins);

    public override int GetHashCode() => HashCode.Combine(TransactionId, NeedsCheck, Thins.Length);
}
