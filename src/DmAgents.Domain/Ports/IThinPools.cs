using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>Thin pools: target <c>thin-pool</c> (kernel:
/// Documentation/admin-guide/device-mapper/thin-provisioning).</summary>
/// <remarks>Every pool message ends in a commit of the pool's metadata. A pool in read-only or failed mode answers
/// messages with NotSupported.</remarks>
public interface IThinPools
{
    /// <summary>Reads all metadata of a pool that is not live, and finds whether they are sound (thin_check).</summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="yielding">At the lowest priority, for work that no caller waits for.</param>
    /// <returns>Invalid where they are damaged, with the program's words; NotSupported where it is not installed.
    /// </returns>
    KernelResult CheckMetadata(DevicePath metadata, bool yielding = false);

    /// <summary>Makes the pool live. The kernel formats the metadata where its first block is all zero.</summary>
    /// <returns>Exists where a device has the name or uuid; Invalid where the kernel does not take the table;
    /// NotFound where a device of the table is missing.</returns>
    KernelResult OpenPool(ThinPoolTable table);

    /// <summary>
    /// Gives a live pool another table: a longer one grows it, other features change at once, except that
    /// <see cref="DiscardPolicy.Ignore"/> stays what it was when the pool was opened. Never shorter. No growth while
    /// the pool needs a check. Refused with Invalid; the pool stays as it was.
    /// </summary>
    KernelResult ReloadPool(ThinPoolTable table);

    /// <summary>The live pool of the table's name, and whether the table in use is this one. What a full pool does to
    /// writers is not compared: that changes while the pool is live.</summary>
    KernelResult<TableState> Compare(ThinPoolTable table);

    /// <summary>Takes a pool down. Its thin devices must be gone: Busy otherwise. Commits first.</summary>
    KernelResult ClosePool(MappedName pool);

    /// <summary>Reads the status. Commits the metadata, so that the numbers are those on disk.</summary>
    KernelResult<ThinPoolStatus> PoolStatus(MappedName pool);

    /// <summary>Message <c>create_thin</c>. Exists where the id is taken.</summary>
    KernelResult CreateThin(MappedName pool, ThinId id);

    /// <summary>
    /// Message <c>create_snap</c>. Exists where the id is taken, NotFound where the origin is missing. An origin that
    /// is live and can be written must be suspended around it, or the snapshot is corrupt: the kernel does not check.
    /// </summary>
    KernelResult CreateSnapshot(MappedName pool, ThinId id, ThinId origin);

    /// <summary>Message <c>delete</c>. Busy where the thin device is live, NotFound where the id is unknown.</summary>
    KernelResult DeleteThin(MappedName pool, ThinId id);

    /// <summary>Message <c>set_transaction_id</c>: compare and set. Invalid where <paramref name="expected"/> is not
    /// the present one.</summary>
    KernelResult SetTransactionId(MappedName pool, TransactionId expected, TransactionId next);

    /// <summary>
    /// Every thin id in the pool's own metadata, with what it has mapped, ascending: read through the pool's metadata
    /// snapshot. Readers of this process share it, and the last one releases it; Busy where another program holds it.
    /// </summary>
    KernelResult<IReadOnlyList<ThinUsage>> ListThins(MappedName pool, MetadataReading reading = default);

    /// <summary>As <see cref="ListThins"/>, and how many blocks each has for itself alone. Reads all mappings:
    /// seconds on a large pool.</summary>
    KernelResult<IReadOnlyList<ThinUsage>> MeasureThins(MappedName pool, MetadataReading reading = default);

    /// <summary>
    /// How many blocks each of these maps that its origin does not map in the same place: what it has beyond its
    /// origin, and what it had written for itself. Reads only what two do not share: fast for a few of many.
    /// </summary>
    /// <returns>In the order of <paramref name="thins"/>; null for one that the pool does not have. One whose origin
    /// is null, or not in the pool, has all that it maps.</returns>
    KernelResult<IReadOnlyList<ulong?>> MeasureAboveOrigins(
        MappedName pool, IReadOnlyList<ThinAndOrigin> thins, MetadataReading reading = default);

    /// <summary>
    /// The virtual blocks that this device has for itself, in ascending ranges: those for which its origin does not
    /// have the same data block in the same place. Where others have begun with its blocks, only what it has written
    /// since. To discard these frees their data blocks, and copies nothing of the mappings that it shares. Of the time
    /// of the call; reads only what the device and its origin do not share.
    /// </summary>
    /// <param name="pool">The pool.</param>
    /// <param name="thin">The device. One whose origin is null, or not in the pool, has all that it maps.</param>
    /// <param name="isOrigin">A device that began with its blocks still is in the pool.</param>
    /// <returns>NotFound where the pool does not have the thin id.</returns>
    KernelResult<IReadOnlyList<BlockRange>> OwnBlocks(MappedName pool, ThinAndOrigin thin, bool isOrigin);

    /// <summary>
    /// Every range in which two devices may hold different bytes, ascending: the blocks that they do not map to the
    /// same data block, those that only one of them maps among them. A block that was written again with the same bytes
    /// is reported; one that differs is never left out. Whole blocks, so the last may end beyond the device. Of the
    /// time of the call; reads only what the two do not share.
    /// </summary>
    /// <param name="pool">The pool of both.</param>
    /// <param name="thin">A device that nothing writes to.</param>
    /// <param name="since">Another; null: all that <paramref name="thin"/> maps is wanted.</param>
    /// <returns>NotFound if the pool lacks one of them. What is damaged or cannot be read is Failed.</returns>
    KernelResult<IReadOnlyList<ByteRange>> ChangedRanges(MappedName pool, ThinId thin, ThinId? since);

    /// <summary>Releases a metadata snapshot that a dead process left. Invalid where none is held, and where readers of
    /// this process have it.</summary>
    KernelResult ReleaseMetadataSnapshot(MappedName pool);
}
