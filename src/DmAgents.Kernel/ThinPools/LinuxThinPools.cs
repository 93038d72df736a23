using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.DeviceMapper;
using DmAgents.Kernel.ThinPools.Metadata;

namespace DmAgents.Kernel.ThinPools;

/// <summary>Thin pools through device-mapper's ioctls.</summary>
internal sealed class LinuxThinPools : IThinPools, IPoolMetadata
{
    /// <summary>Enough to read all mappings of the largest metadata on a slow disk.</summary>
    private static readonly TimeSpan ReadingTime = TimeSpan.FromMinutes(30);

    /// <summary>Slightly longer than the time limit of the metadata programs.</summary>
    private static readonly TimeSpan DumpingTime = TimeSpan.FromMinutes(125);

    private readonly DmDevices _devices;
    private readonly DmControl _control;
    private readonly MetadataCheck _check;
    private readonly MetadataPrograms _programs;
    private readonly SharedSnapshots _snapshots;

    public LinuxThinPools(DmDevices devices, MetadataCheck check, MetadataPrograms programs, TimeProvider time)
    {
        (_devices, _control, _check, _programs) = (devices, devices.Control, check, programs);
        _snapshots = new SharedSnapshots(time, TakeSnapshot, pool => Send(pool, "release_metadata_snap"));
    }

    public KernelResult CheckMetadata(DevicePath metadata, bool yielding) => _check.Run(metadata, yielding);

    public KernelResult OpenPool(ThinPoolTable table)
    {
        var target = TargetOf(table);
        if (!target.Succeeded)
            return target.Error;
        var brought = _devices.Bring(table.Name, table.Uuid, [target.Value], readOnly: false);
        if (!brought.Succeeded)
            return brought.Error;
        var status = Status(table.Name, commit: false);
        if (status.Succeeded && status.Value.Mode is not PoolMode.Failed)
            return KernelResult.Done;
        // Newer kernels resume a pool with unreadable metadata into mode Fail, and report success.
        var cause = status.Error
            ?? new KernelError(KernelFault.Failed, 0, "open pool", table.Name.Value,
                "the kernel cannot use the pool's metadata; see the kernel log, then thin_check");
        var closed = ClosePool(table.Name);
        return closed.Succeeded ? cause : cause with { Detail = $"{cause.Detail}; not closed: {closed.Error}" };
    }

    public KernelResult ReloadPool(ThinPoolTable table)
    {
        var target = TargetOf(table);
        if (!target.Succeeded)
            return target.Error;
        var present = Line(table.Name);
        if (!present.Succeeded)
            return present.Error;
        var before = Status(table.Name, commit: false);
        if (!before.Succeeded)
            return before.Error;
        var length = present.Value.Target.Length;
        if (table.DataLength < length)
            return Refused(table.Name, $"a pool of {length} sectors cannot shrink to {table.DataLength}");
        // The kernel would accept the table, keep the pool's size and only log that.
        if (table.DataLength > length && before.Value.NeedsCheck)
            return Refused(table.Name, "the pool needs a check (thin_check) before it can grow");
        return _devices.Swap(table.Name, [target.Value], readOnly: false);
    }

    public KernelResult<TableState> Compare(ThinPoolTable table)
    {
        var target = TargetOf(table);
        if (!target.Succeeded)
            return target.Error;
        var live = _devices.Show(table.Name);
        if (!live.Succeeded)
            return live.Error;
        var text = string.Join("; ", live.Value.Table);
        if (live.Value.Table is not [{ Type: PoolTableText.TargetType } present]
            || PoolTableText.Parse(present.Text) is not { } line
            || PoolTableText.Parse(target.Value.Text) is not { } given)
            return new TableState(live.Value.Device, MapsAsGiven: false, IsAsGiven: false, text);
        var maps = (line.Metadata, line.Data, line.BlockSectors) == (given.Metadata, given.Data, given.BlockSectors);
        return new TableState(
            live.Value.Device, maps,
            present.Length == table.DataLength && line with { NoSpace = given.NoSpace } == given, text);
    }

    public KernelResult ClosePool(MappedName pool) => _devices.Remove(pool, deferred: false);

    public KernelResult<ThinPoolStatus> PoolStatus(MappedName pool) => Status(pool, commit: true);

    public KernelResult CreateThin(MappedName pool, ThinId id) => Send(pool, $"create_thin {id}");

    public KernelResult CreateSnapshot(MappedName pool, ThinId id, ThinId origin) =>
        Send(pool, $"create_snap {id} {origin}");

    public KernelResult DeleteThin(MappedName pool, ThinId id) => Send(pool, $"delete {id}");

    public KernelResult SetTransactionId(MappedName pool, TransactionId expected, TransactionId next) =>
        Send(pool, $"set_transaction_id {expected} {next}");

    public KernelResult ReleaseMetadataSnapshot(MappedName pool) => _snapshots.ReleaseLeft(pool);

    private static KernelError Refused(MappedName pool, string why) =>
        new(KernelFault.Invalid, 0, "reload pool", pool.Value, why);

    private static KernelResult<DmTarget> TargetOf(ThinPoolTable table)
    {
        var metadata = BlockNodes.NumberOf(table.Metadata);
        if (!metadata.Succeeded)
            return metadata.Error;
        var data = BlockNodes.NumberOf(table.Data);
        if (!data.Succeeded)
            return data.Error;
        var text = PoolTableText.Format(table, metadata.Value, data.Value);
        return new DmTarget(default, table.DataLength, PoolTableText.TargetType, text);
    }

    /// <summary>
    /// The kernel does not report a failure of the commit that ends a message (pool_message in dm-thin.c): it only
    /// takes the pool out of read-write mode. So this method reads the mode after every message.
    /// </summary>
    private KernelResult Send(MappedName pool, string text)
    {
        var sent = _control.Message(pool, text);
        // Read the mode after success, and after EINVAL: before 4.20 a read-only pool also returns EINVAL.
        if (!sent.Succeeded && sent.Error.Fault != KernelFault.Invalid)
            return sent.Error;
        // The status fields used here do not depend on the omitted block size.
        var status = Parsed(pool, commit: false, blockSize: default);
        if (!status.Succeeded)
            return sent.Error ?? status.Error;
        if (status.Value.Mode is PoolMode.ReadWrite or PoolMode.OutOfDataSpace)
            return sent.Outcome;
        return sent.Error is { } refused
            ? refused with { Fault = KernelFault.NotSupported, Detail = $"the pool is in mode {status.Value.Mode}" }
            : new KernelError(KernelFault.Failed, 0, text.Split(' ')[0], pool.Value,
                $"the pool went to mode {status.Value.Mode} while it committed");
    }

    private KernelResult<ThinPoolStatus> Status(MappedName pool, bool commit)
    {
        var line = Line(pool);
        return line.Succeeded
            ? Parsed(pool, commit, new SectorCount(line.Value.Line.BlockSectors).Bytes)
            : line.Error;
    }

    private KernelResult<ThinPoolStatus> Parsed(MappedName pool, bool commit, ByteSize blockSize)
    {
        var reply = _control.Status(pool, flush: commit);
        if (!reply.Succeeded)
            return reply.Error;
        var text = reply.Value.Targets() is [{ Type: PoolTableText.TargetType } target] ? target.Text : "";
        return PoolStatusText.Parse(text, blockSize) is { } status
            ? status
            : new KernelError(KernelFault.Failed, 0, "status", pool.Value, $"not understood: '{text}'");
    }

    private KernelResult<(DmTarget Target, PoolTableLine Line)> Line(MappedName pool)
    {
        var reply = _control.Table(pool);
        if (!reply.Succeeded)
            return reply.Error;
        if (reply.Value.Targets() is not [{ Type: PoolTableText.TargetType } target])
            return new KernelError(KernelFault.Invalid, 0, "table", pool.Value, "not a thin pool");
        return PoolTableText.Parse(target.Text) is { } line
            ? (target, line)
            : new KernelError(KernelFault.Failed, 0, "table", pool.Value, $"not understood: '{target.Text}'");
    }

    // Metadata of pools that are not live, and copies of metadata.

    public KernelResult ClearNeedsCheck(DevicePath metadata) => _check.Clear(metadata);

    public KernelResult<MetadataRepair> RepairMetadata(
        DevicePath damaged, LoopFile scratch, DevicePath into, MetadataShape shape) =>
        _programs.Repair(damaged, scratch, into, shape);

    public KernelResult<MetadataContent> ReadMetadata(DevicePath metadata)
    {
        var blocks = MetadataBlocks.Open(metadata);
        if (!blocks.Succeeded)
            return blocks.Error;
        using (blocks.Value)
        {
            var superblock = MetadataSnapshot.Open(blocks.Value, heldRoot: 0);
            return superblock.Succeeded ? superblock.Value.Content() : superblock.Error;
        }
    }

    public KernelResult<MetadataLayout> InspectMetadata(DevicePath device, SectorCount start)
    {
        var blocks = MetadataBlocks.Open(device, start);
        if (!blocks.Succeeded)
            return blocks.Error;
        using (blocks.Value)
        {
            var superblock = MetadataSnapshot.Open(blocks.Value, heldRoot: 0);
            return superblock.Succeeded ? superblock.Value.Layout() : superblock.Error;
        }
    }

    public KernelResult CopyMetadata(ImmutableArray<LinearSegment> from, DevicePath into) =>
        MetadataCopy.Run(from, into);

    public KernelResult<IReadOnlyList<ThinUsage>> ListThins(MappedName pool, MetadataReading reading) =>
        WithSnapshot(pool, reading, ReadingTime, (snapshot, _) => snapshot.List());

    public KernelResult<IReadOnlyList<ThinUsage>> MeasureThins(MappedName pool, MetadataReading reading) =>
        WithSnapshot(pool, reading, ReadingTime, (snapshot, held) => snapshot.Measure(held.Status.Data.Total));

    public KernelResult<IReadOnlyList<ulong?>> MeasureAboveOrigins(
        MappedName pool, IReadOnlyList<ThinAndOrigin> thins, MetadataReading reading) =>
        WithSnapshot(pool, reading, ReadingTime, (snapshot, _) => snapshot.MeasureAboveOrigins(thins));

    public KernelResult<IReadOnlyList<BlockRange>> OwnBlocks(MappedName pool, ThinAndOrigin thin, bool isOrigin) =>
        WithSnapshot(
            pool, MetadataReading.Now, ReadingTime, (snapshot, _) => snapshot.OwnBlocks(thin, isOrigin));

    public KernelResult<IReadOnlyList<ByteRange>> ChangedRanges(MappedName pool, ThinId thin, ThinId? since) =>
        WithSnapshot(pool, MetadataReading.Now, ReadingTime, (snapshot, _) => snapshot.Changed(thin, since));

    public KernelResult<MetadataContent> DumpMetadata(MappedName pool, Stream into) =>
        WithSnapshot(pool, MetadataReading.Now, DumpingTime, (snapshot, held) =>
        {
            var dumped = _programs.Dump(held.Metadata, held.Root, held.Status.Data.Total, into);
            return dumped.Succeeded ? snapshot.Content() : dumped.Error;
        });

    public KernelResult RestoreMetadata(
        Stream text, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding) =>
        _programs.Restore(text, scratch, into, shape, yielding);

    private KernelResult<T> WithSnapshot<T>(
        MappedName pool, MetadataReading reading, TimeSpan mayRead,
        Func<MetadataSnapshot, HeldSnapshot, KernelResult<T>> read) =>
        _snapshots.Read(pool, reading, mayRead, held =>
        {
            var blocks = MetadataBlocks.Open(held.Metadata);
            if (!blocks.Succeeded)
                return blocks.Error;
            using (blocks.Value)
            {
                var snapshot = MetadataSnapshot.Open(blocks.Value, held.Root);
                return snapshot.Succeeded ? read(snapshot.Value, held) : snapshot.Error;
            }
        });

    private KernelResult<HeldSnapshot> TakeSnapshot(MappedName pool)
    {
        var line = Line(pool);
        if (!line.Succeeded)
            return line.Error;
        var node = BlockNodes.NodeOf(line.Value.Line.Metadata);
        if (!node.Succeeded)
            return node.Error;
        var reserved = Send(pool, "reserve_metadata_snap");
        if (!reserved.Succeeded)
            return reserved.Error;
        var status = Status(pool, commit: false);
        if (status is { Succeeded: true, Value.HeldRoot: { } root })
            return new HeldSnapshot(root, status.Value, node.Value);
        var released = Send(pool, "release_metadata_snap");
        var why = status.Error ?? new KernelError(KernelFault.Failed, 0, "reserve_metadata_snap", pool.Value,
            "the pool holds no metadata snapshot although it made one");
        return released.Succeeded ? why : why with { Detail = $"{why.Detail}; not released: {released.Error}" };
    }
}
