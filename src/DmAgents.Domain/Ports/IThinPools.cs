using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>Thin pools: target <c>thin-pool</c> (kernel:
/// Documentation/admin-guide/device-mapper/thin-provisioning).</summary>
/// <remarks>Every pool message ends with a commit of the pool's metadata. A pool in read-only or failed mode refuses
/// messages with NotSupported.</remarks>
public interface IThinPools
{
    /// <summary>Reads all metadata of a pool that is not live, and checks whether they are sound
    /// (thin_check).</summary>
    /// <param name="metadata">The metadata device.</param>
    /// <param name="yielding">Runs at the lowest priority, for work that no caller waits for.</param>
    /// <returns>Invalid if they are damaged, with the program's message; NotSupported if the program is not
    /// installed.</returns>
    KernelResult CheckMetadata(DevicePath metadata, bool yielding = false);

    /// <summary>Activates the pool. The kernel formats the metadata if their first block is all zero.</summary>
    /// <returns>Exists if the name or uuid is in use; Invalid if the kernel refuses the table; NotFound if a device of
    /// the table is missing.</returns>
    KernelResult OpenPool(ThinPoolTable table);

    /// <summary>
    /// Loads another table into a live pool. A longer table grows it. Other features change at once, except <see
    /// cref="DiscardPolicy.Ignore"/>, which keeps its value from activation. A shorter table, and growth while the pool
    /// needs a check, are refused with Invalid; the pool stays as it was.
    /// </summary>
    KernelResult ReloadPool(ThinPoolTable table);

    /// <summary>The live pool with the table's name, and whether its active table equals this one. The no-space policy
    /// is not compared, because it changes while the pool is live.</summary>
    KernelResult<TableState> Compare(ThinPoolTable table);

    /// <summary>Commits and deactivates a pool. Busy unless its thin devices are gone.</summary>
    KernelResult ClosePool(MappedName pool);

    /// <summary>Reads the status. Commits the metadata first, so that the numbers match the disk.</summary>
    KernelResult<ThinPoolStatus> PoolStatus(MappedName pool);

    /// <summary>Message <c>create_thin</c>. Exists if the id is taken.</summary>
    KernelResult CreateThin(MappedName pool, ThinId id);

    /// <summary>
    /// Message <c>create_snap</c>. Exists if the id is taken, NotFound if the origin is missing. The caller must
    /// suspend a live writable origin around it, or the snapshot is corrupt: the kernel does not check this.
    /// </summary>
    KernelResult CreateSnapshot(MappedName pool, ThinId id, ThinId origin);

    /// <summary>Message <c>delete</c>. Busy if the thin device is live, NotFound if the id is unknown.</summary>
    KernelResult DeleteThin(MappedName pool, ThinId id);

    /// <summary>Message <c>set_transaction_id</c>: compare and set. Invalid if <paramref name="expected"/> is not the
    /// present one.</summary>
    KernelResult SetTransactionId(MappedName pool, TransactionId expected, TransactionId next);

    /// <summary>
    /// Every thin id in the pool's own metadata with its mapped blocks, ascending, read through the pool's metadata
    /// snapshot. Readers of this process share it, and the last one releases it. Busy if another program holds it.
    /// </summary>
    KernelResult<IReadOnlyList<ThinUsage>> ListThins(MappedName pool, MetadataReading reading = default);

    /// <summary>As <see cref="ListThins"/>, with the number of unshared blocks of each. Reads all mappings: seconds on
    /// a large pool.</summary>
    KernelResult<IReadOnlyList<ThinUsage>> MeasureThins(MappedName pool, MetadataReading reading = default);

    /// <summary>
    /// For each device, how many blocks it maps that its origin does not map in the same place: what it has beyond its
    /// origin, and what it wrote itself. Reads only what the two do not share: fast for a few of many.
    /// </summary>
    /// <returns>In the order of <paramref name="thins"/>; null for an id that the pool does not have. If its origin is
    /// null, or not in the pool, all its mapped blocks count.</returns>
    KernelResult<IReadOnlyList<ulong?>> MeasureAboveOrigins(
        MappedName pool, IReadOnlyList<ThinAndOrigin> thins, MetadataReading reading = default);

    /// <summary>
    /// The virtual blocks that the device does not share, as ascending ranges: blocks for which its origin does not map
    /// the same data block in the same place. If other devices were created from it, only what it has written since.
    /// Discarding these blocks frees their data blocks without copying shared mappings. Valid for the time of the call;
    /// reads only what the device and its origin do not share.
    /// </summary>
    /// <param name="pool">The pool.</param>
    /// <param name="thin">The device. If its origin is null, or not in the pool, all its mapped blocks count.</param>
    /// <param name="isOrigin">A device that was created from it is still in the pool.</param>
    /// <returns>NotFound if the pool does not have the thin id.</returns>
    KernelResult<IReadOnlyList<BlockRange>> OwnBlocks(MappedName pool, ThinAndOrigin thin, bool isOrigin);

    /// <summary>
    /// Every range in which two devices may hold different bytes, ascending: the blocks that they do not map to the
    /// same data block, including those that only one of them maps. A block rewritten with the same bytes is reported;
    /// a block that differs is never omitted. Whole blocks, so the last may end beyond the device. Valid for the time
    /// of the call; reads only what the two do not share.
    /// </summary>
    /// <param name="pool">The pool of both.</param>
    /// <param name="thin">A device that no process writes to.</param>
    /// <param name="since">The other device; null: all blocks that <paramref name="thin"/> maps.</param>
    /// <returns>NotFound if the pool lacks one of them; Failed if metadata are damaged or unreadable.</returns>
    KernelResult<IReadOnlyList<ByteRange>> ChangedRanges(MappedName pool, ThinId thin, ThinId? since);

    /// <summary>Releases a metadata snapshot left by a dead process. Invalid if none is held, or if readers of this
    /// process hold it.</summary>
    KernelResult ReleaseMetadataSnapshot(MappedName pool);
}
