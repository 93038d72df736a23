using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>
/// A pool's metadata at rest, and copies of them: through the programs that the kernel's own authors keep for it
/// (Debian: thin-provisioning-tools). Beside <see cref="IThinPools.CheckMetadata"/>, which says whether they are sound.
/// </summary>
/// <remarks>Minutes on large metadata. NotSupported where a program is not installed. Nothing here may be asked of a
/// device that a live pool has, but where it says so.</remarks>
public interface IPoolMetadata
{
    /// <summary>Takes the mark away by which the kernel demands a check (thin_check --clear-needs-check-flag), where
    /// the metadata are sound. Without the mark: done.</summary>
    /// <returns>Invalid where the metadata are damaged; they are as they were then.</returns>
    KernelResult ClearNeedsCheck(DevicePath metadata);

    /// <summary>
    /// Writes what can be saved of damaged metadata to another device, whole and without a mark: by thin_repair, or of
    /// what our own reader reaches, where that is more devices. The damaged ones are only read.
    /// </summary>
    /// <param name="damaged">The metadata. Their superblock may be gone.</param>
    /// <param name="scratch">A file for a text. It is gone when this returns.</param>
    /// <param name="into">At least as large as what is saved; its content is lost.</param>
    /// <param name="shape">What the pool is known to be, for a superblock that does not tell any more.</param>
    /// <returns>Failed where nothing can be saved, or <paramref name="into"/> is too small.</returns>
    KernelResult<MetadataRepair> RepairMetadata(
        DevicePath damaged, LoopFile scratch, DevicePath into, MetadataShape shape);

    /// <summary>Reads which thin devices sound metadata of a pool that is not live hold, without writing anything.
    /// Failed where they cannot be read, or are none of a thin pool.</summary>
    KernelResult<MetadataContent> ReadMetadata(DevicePath metadata);

    /// <summary>Reads from the first block of metadata, past every cache, of which measures their pool is: also of a
    /// live pool's. Failed where there are no metadata of a thin pool.</summary>
    /// <param name="start">Where on the device they begin.</param>
    KernelResult<MetadataLayout> InspectMetadata(DevicePath device, SectorCount start);

    /// <summary>
    /// Copies metadata from where they lie to a fresh device that is all zero, as they are on disk and past every
    /// cache: also those of a live pool, which are consistent where that pool takes no changes.
    /// </summary>
    KernelResult CopyMetadata(ImmutableArray<LinearSegment> from, DevicePath into);

    /// <summary>
    /// Writes the metadata of a live pool as text (thin_dump), as they are now: by the metadata snapshot, which others
    /// read meanwhile. Busy where another program holds it.
    /// </summary>
    /// <returns>What was written down.</returns>
    KernelResult<MetadataContent> DumpMetadata(MappedName pool, Stream into);

    /// <summary>Makes metadata of such a text (thin_restore). What the device had is lost.</summary>
    /// <param name="text">As <see cref="DumpMetadata"/> writes it.</param>
    /// <param name="scratch">A file for the text, as thin_restore needs it. It is gone when this returns.</param>
    /// <param name="into">At least as large as what it is to hold.</param>
    /// <param name="shape">A metadata snapshot does not tell how many blocks the pool has, and so the text does
    /// not.</param>
    /// <param name="yielding">At the lowest priority, for work that no caller waits for.</param>
    /// <returns>Failed where the text is damaged or the device too small; NoSpace where the file finds no room.
    /// </returns>
    KernelResult RestoreMetadata(
        Stream text, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding = false);
}

/// <summary>By what damaged metadata were saved.</summary>
public enum MetadataRepair
{
    /// <summary>thin_repair.</summary>
    ByProgram,

    /// <summary>Our own reader, which reached devices that thin_repair gave up.</summary>
    ByReader,
}

/// <summary>What has to be known of a pool whose metadata do not tell it.</summary>
/// <param name="TransactionId">The one that the journal expects.</param>
/// <param name="BlockSize">The pool's.</param>
/// <param name="DataBlocks">How many blocks it has.</param>
public sealed record MetadataShape(TransactionId TransactionId, PoolBlockSize BlockSize, ulong DataBlocks);

/// <summary>The measures of a pool, by its metadata.</summary>
/// <param name="BlockSize">Of its data.</param>
/// <param name="DataBlocks">How many blocks of data it has.</param>
/// <param name="Metadata">What the kernel uses for its metadata.</param>
public sealed record MetadataLayout(PoolBlockSize BlockSize, ulong DataBlocks, ByteSize Metadata)
{
    public ByteSize Data => new(DataBlocks * BlockSize.Bytes.Bytes);
}

/// <summary>What metadata say.</summary>
/// <param name="TransactionId">The owner's number.</param>
/// <param name="BlockSize">The one that the pool's table has to name.</param>
/// <param name="NeedsCheck">The kernel demands a check before it changes them.</param>
/// <param name="Thins">Every thin id with what it has mapped, ascending.</param>
public sealed record MetadataContent(
    TransactionId TransactionId, PoolBlockSize BlockSize, bool NeedsCheck, ImmutableArray<ThinUsage> Thins)
{
    public bool Equals(MetadataContent? other) =>
        other is not null && TransactionId == other.TransactionId && BlockSize == other.BlockSize
        && NeedsCheck == other.NeedsCheck && Thins.SequenceEqual(other.Thins);

    public override int GetHashCode() => HashCode.Combine(TransactionId, NeedsCheck, Thins.Length);
}
