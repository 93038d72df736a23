using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Testing.Simulation;

/// <summary>The modes of a pool, worst last. Two of them show as <c>ro</c>.</summary>
internal enum SimulatedPoolMode
{
    Write,
    OutOfDataSpace,
    OutOfMetadataSpace,
    ReadOnly,
    Fail,
}

/// <summary>
/// A live pool: its metadata in memory, the last commit of them, and its mode. Follows dm-thin.c: what may be done in
/// which mode, when a commit happens, when a full pool is noticed, and what heals it.
/// </summary>
internal sealed partial class SimulatedPool(
    MappedDevice owner, SimulatedDevice metadataDevice, SimulatedDevice dataDevice, Superblocks superblocks)
{
    /// <summary>Metadata blocks the kernel keeps back for its last commit: a tenth, 16 MiB at most.</summary>
    private const ulong LargestReserve = 4096;

    private PoolMetadata? _current;
    private ulong _searchFrom;

    /// <summary>Once, until the table is taken into use again.</summary>
    private bool _lowWaterTold;

    public MappedDevice Owner => owner;

    public SimulatedDevice MetadataDevice => metadataDevice;

    public SimulatedDevice DataDevice => dataDevice;

    public SimulatedPoolMode Mode
    {
        get;
        private set
        {
            if (field != value)
                owner.RaiseEvent();
            field = value;
        }
    }

    public PoolMetadata Current => _current ?? throw new InvalidOperationException("the pool was never opened");

    /// <summary>What a power cut leaves.</summary>
    public PoolMetadata Committed { get; private set; } = null!;

    public required ThinPoolTable Table { get; set; }

    /// <summary>Passdown may be asked for and not be possible.</summary>
    public DiscardPolicy Discard =>
        Table.Discard == DiscardPolicy.Passdown && !dataDevice.Discards ? DiscardPolicy.NoPassdown : Table.Discard;

    public NoSpacePolicy NoSpace { get; private set; }

    public ulong Commits { get; private set; }

    /// <summary>Live mapped devices of each thin id.</summary>
    public Dictionary<uint, int> LiveThins { get; } = [];

    private ulong BlockBytes => Current.BlockSize.Bytes.Bytes;

    private ulong MetadataReserve => Math.Min(LargestReserve, Current.MetadataBlocks / 10);

    private ulong SpareMetadata =>
        Current.FreeMetadata > MetadataReserve ? Current.FreeMetadata - MetadataReserve : 0;

    /// <summary>Reads the metadata, or formats them where the first block is all zero.</summary>
    public Errno OpenMetadata()
    {
        var first = new byte[BlockStore.PageSize];
        var errno = metadataDevice.Read(0, first);
        if (errno != Errno.None)
            return errno;
        var fresh = first.AsSpan().IndexOfAnyExcept((byte)0) < 0;
        var found = fresh
            ? Formatted()
            : superblocks.Decode(first) as PoolMetadata;
        if (found is null || found.BlockSize != Table.BlockSize)
            return found is null ? Errno.Io : Errno.Invalid;
        if (found.DataBlocks > DataBlocksOfTable() || found.MetadataBlocks > MetadataBlocksOfDevice())
            return Errno.Invalid;
        _current = found;
        Committed = found;
        return fresh ? WriteSuperblock(found) : Errno.None;
    }

    /// <summary>Takes the table into use, as a resume after a load does: new features, a better mode, growth.</summary>
    public Errno Bind(ThinPoolTable table)
    {
        if (table.BlockSize != Current.BlockSize || DataBlocksOf(table) < Current.DataBlocks)
            return Errno.Invalid;
        // Devices above have decided by it what they take (pool_ctr compares the two features).
        if ((table.Discard == DiscardPolicy.Ignore) != (Table.Discard == DiscardPolicy.Ignore))
            return Errno.Invalid;
        Table = table;
        NoSpace = table.NoSpace;
        _lowWaterTold = false;
        var wasOutOfMetadata = Mode == SimulatedPoolMode.OutOfMetadataSpace;
        if (Mode != SimulatedPoolMode.Fail)
            Mode = Current.NeedsCheck ? SimulatedPoolMode.ReadOnly : SimulatedPoolMode.Write;
        if (Current.NeedsCheck || Mode == SimulatedPoolMode.Fail)
            return Errno.None; // The kernel logs that it does not grow such a pool, and carries on.
        if (DataBlocksOfTable() == Current.DataBlocks && MetadataBlocksOfDevice() <= Current.MetadataBlocks)
        {
            if (wasOutOfMetadata)
                LookForSpace();
            return Errno.None;
        }
        _current = Current with
        {
            DataBlocks = DataBlocksOfTable(),
            MetadataBlocks = Math.Max(MetadataBlocksOfDevice(), Current.MetadataBlocks),
        };
        return Commit();
    }

    /// <summary>Makes all metadata durable: data first, then the superblock. Refused below out_of_data_space.</summary>
    public Errno Commit()
    {
        if (Mode >= SimulatedPoolMode.OutOfMetadataSpace)
            return Errno.Invalid;
        var errno = dataDevice.Flush();
        if (errno == Errno.None)
            errno = WriteSuperblock(Current);
        if (errno is Errno.Blocked or Errno.BlockedBySpace)
            return errno;
        if (errno != Errno.None)
        {
            Abort();
            return errno;
        }
        LookForSpace();
        return Errno.None;
    }

    /// <summary>
    /// A message: refused in the read-only modes; whatever it did is committed before it answers, and whether that
    /// worked is not told.
    /// </summary>
    public Errno Message(Func<PoolMetadata, (Errno Errno, PoolMetadata Next)> change)
    {
        if (Mode >= SimulatedPoolMode.OutOfMetadataSpace)
            return Errno.NotSupported;
        if (metadataDevice.IsHeldBack || dataDevice.IsHeldBack)
            return Errno.Blocked;
        var (errno, next) = change(Current);
        if (errno == Errno.None)
            _current = next;
        Commit();
        return errno;
    }

    /// <summary>The metadata cannot be changed any more: back to the last commit, marked, read-only.</summary>
    public void Abort()
    {
        _current = Committed with { NeedsCheck = true };
        Mode = WriteSuperblock(Current) == Errno.None ? SimulatedPoolMode.ReadOnly : SimulatedPoolMode.Fail;
    }

    public void Fail() => Mode = SimulatedPoolMode.Fail;

    /// <summary>The wait of queued writers has run out: from here on they fail.</summary>
    public void StopQueueing()
    {
        if (Mode == SimulatedPoolMode.OutOfDataSpace)
            NoSpace = NoSpacePolicy.Error;
    }

    public ThinPoolStatus Status()
    {
        if (Mode < SimulatedPoolMode.OutOfMetadataSpace && !owner.IsSuspended)
            Commit();
        var failed = Mode == SimulatedPoolMode.Fail;
        return new ThinPoolStatus(
            Mode switch
            {
                SimulatedPoolMode.Write => PoolMode.ReadWrite,
                SimulatedPoolMode.OutOfDataSpace => PoolMode.OutOfDataSpace,
                SimulatedPoolMode.Fail => PoolMode.Failed,
                _ => PoolMode.ReadOnly,
            },
            failed ? default : Current.TransactionId,
            failed ? default : new(Current.UsedMetadata, Current.MetadataBlocks, new(BlockStore.PageSize)),
            failed ? default : new(Current.UsedData, Current.DataBlocks, Current.BlockSize.Bytes),
            Current.Held is null || failed ? null : 7,
            Discard,
            NoSpace,
            Current.NeedsCheck && !failed,
            failed ? 0 : Math.Min(1024, Current.MetadataBlocks / 4));
    }

    private static ulong DataBlocksOf(ThinPoolTable table) => table.DataLength.Value / table.BlockSize.Sectors.Value;

    private ulong DataBlocksOfTable() => DataBlocksOf(Table);

    private ulong MetadataBlocksOfDevice() =>
        Math.Min(metadataDevice.Length, MaxMetadataBytes) / BlockStore.PageSize;

    private PoolMetadata Formatted() =>
        new() { BlockSize = Table.BlockSize, DataBlocks = 0, MetadataBlocks = MetadataBlocksOfDevice() };

    private Errno WriteSuperblock(PoolMetadata metadata)
    {
        var errno = metadataDevice.Write(0, superblocks.Encode(metadata));
        if (errno == Errno.None)
            errno = metadataDevice.Flush();
        if (errno != Errno.None)
            return errno;
        Committed = metadata;
        Commits++;
        return Errno.None;
    }

    /// <summary>After each commit: deleting heals a full data device; too few metadata blocks end all changes.
    /// </summary>
    private void LookForSpace()
    {
        if (SpareMetadata == 0)
            Mode = SimulatedPoolMode.OutOfMetadataSpace;
        else if (Mode == SimulatedPoolMode.OutOfDataSpace && Current.UsedData < Current.DataBlocks)
            Mode = SimulatedPoolMode.Write;
    }
}
