using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>Thin pools.</summary>
public sealed partial class SimulatedKernel
{
    public KernelResult CheckMetadata(DevicePath metadata, bool yielding = false)
    {
        if (_missingPrograms.Contains("thin_check"))
            return new KernelError(KernelFault.NotSupported, 0, "thin_check", metadata.Value, "it is not installed");
        Span<byte> first = new byte[BlockStore.PageSize];
        var read = Read(metadata, ByteSize.Zero, first);
        return !read.Succeeded ? read
            : _superblocks.Decode(first) is PoolMetadata ? KernelResult.Done
            : new KernelError(KernelFault.Invalid, 0, "thin_check", metadata.Value, "bad checksum in superblock");
    }

    public KernelResult OpenPool(ThinPoolTable table) => Run("create", table.Name, () =>
    {
        if (_mapped.IsTaken(table.Name, table.Uuid))
            return Errno.Exists;
        var errno = MakePool(table);
        return errno == Errno.None ? errno : TakeBack(table.Name, errno);
    });

    public KernelResult ReloadPool(ThinPoolTable table) => Run("load", table.Name, () =>
    {
        if (_mapped.Find(table.Name) is not { } device)
            return Errno.NoDeviceOrAddress;
        if (Locate(table.Metadata) is not { } metadata || Locate(table.Data) is not { } data)
            return Errno.NoDevice;
        if (device.Target is not PoolTarget { Pool: var pool } || metadata != pool.MetadataDevice)
            return Errno.Invalid;
        if (data != pool.DataDevice)
            return Errno.Busy;
        if (table.DataLength > new Domain.Units.ByteSize(data.Length).Sectors)
            return Errno.Invalid;
        var errno = pool.Bind(table);
        if (errno != Errno.None)
            return errno;
        device.Load(new PoolTarget(pool, table));
        Resume(device);
        return Errno.None;
    });

    public KernelResult<TableState> Compare(ThinPoolTable table) => Run<TableState>("table", table.Name, () =>
    {
        if (_mapped.Find(table.Name) is not { } device)
            return (Errno.NoDeviceOrAddress, null);
        if (Locate(table.Metadata) is not { } metadata || Locate(table.Data) is not { } data)
            return (Errno.NoDevice, null);
        if (device.Target is not PoolTarget { Pool: var pool })
            return (Errno.None, new TableState(device.Describe(), false, false, "another target"));
        var maps = pool.MetadataDevice == metadata && pool.DataDevice == data
            && pool.Table.BlockSize == table.BlockSize;
        var present = pool.Table with
        {
            Metadata = table.Metadata, Data = table.Data, NoSpace = table.NoSpace, Name = table.Name,
            Uuid = table.Uuid,
        };
        return (Errno.None, new TableState(
            device.Describe(), maps, maps && present == table,
            $"0 {pool.Table.DataLength} thin-pool {pool.MetadataDevice.Number} {pool.DataDevice.Number} "
                + $"{pool.Table.BlockSize.Sectors} {pool.Table.LowWaterMark}"));
    });

    public KernelResult ClosePool(MappedName pool) => Run("remove", pool, () =>
    {
        if (_mapped.RemoveWithoutTable(pool))
            return Errno.None;
        if (_mapped.Find(pool) is not { } device)
            return Errno.NoDeviceOrAddress;
        if (device.OpenCount > 0)
            return Errno.Busy;
        _mapped.Remove(device);
        return Errno.None;
    });

    public KernelResult<ThinPoolStatus> PoolStatus(MappedName pool) => Run("status", pool, () =>
        FindPool(pool, out var errno) is { } found ? (errno, found.Status()) : (errno, null));

    public KernelResult CreateThin(MappedName pool, ThinId id) => Message("create_thin", pool, (_, metadata) =>
        metadata.Thins.ContainsKey(id.Value) ? (Errno.Exists, metadata) : (Errno.None, metadata.WithThin(id.Value)));

    public KernelResult CreateSnapshot(MappedName pool, ThinId id, ThinId origin) =>
        Message("create_snap", pool, (found, metadata) =>
        {
            if (metadata.Thins.ContainsKey(id.Value))
                return (Errno.Exists, metadata);
            if (!metadata.Thins.ContainsKey(origin.Value))
                return (Errno.NoData, metadata);
            if (IsRunning(found, origin))
                _unsafeSnapshots.Add($"{pool}: {id} of {origin}");
            return (Errno.None, metadata.WithSnapshot(id.Value, origin.Value));
        });

    public KernelResult DeleteThin(MappedName pool, ThinId id) => Message("delete", pool, (found, metadata) =>
        !metadata.Thins.ContainsKey(id.Value) ? (Errno.NoData, metadata)
        : found.LiveThins.ContainsKey(id.Value) ? (Errno.Busy, metadata)
        : (Errno.None, metadata.WithoutThin(id.Value)));

    public KernelResult SetTransactionId(MappedName pool, TransactionId expected, TransactionId next) =>
        Message("set_transaction_id", pool, (_, metadata) =>
            metadata.TransactionId == expected
                ? (Errno.None, metadata with { TransactionId = next })
                : (Errno.Invalid, metadata));

    public KernelResult<IReadOnlyList<ThinUsage>> ListThins(MappedName pool, MetadataReading reading = default) =>
        List(pool, reading, measure: false);

    public KernelResult<IReadOnlyList<ThinUsage>> MeasureThins(MappedName pool, MetadataReading reading = default) =>
        List(pool, reading, measure: true);

    public KernelResult ReleaseMetadataSnapshot(MappedName pool) => Message("release_metadata_snap", pool,
        (_, metadata) => metadata.Held is null ? (Errno.Invalid, metadata) : (Errno.None, metadata.WithoutHeld()));

    private Errno MakePool(ThinPoolTable table)
    {
        if (Locate(table.Metadata) is not { } metadata || Locate(table.Data) is not { } data)
            return Errno.NoDevice;
        if (table.DataLength.Value == 0 || table.DataLength > new Domain.Units.ByteSize(data.Length).Sectors)
            return Errno.Invalid;
        if (metadata.FileSystem is not null || data.FileSystem is not null || metadata.IsClaimed || data.IsClaimed)
            return Errno.Busy;
        if (Pools().Any(other => other.MetadataDevice == metadata))
            return Errno.Busy;
        var device = _mapped.Create(table.Name, table.Uuid);
        var pool = new SimulatedPool(device, metadata, data, _superblocks) { Table = table };
        var errno = pool.OpenMetadata();
        if (errno == Errno.None)
            errno = pool.Bind(table);
        if (errno != Errno.None)
            return errno;
        device.Load(new PoolTarget(pool, table));
        _mapped.Add(device);
        return Errno.None;
    }

    private static bool IsRunning(SimulatedPool pool, ThinId origin) =>
        !pool.Owner.IsSuspended
        && pool.Owner.Above.Any(device =>
            device.Target is ThinTarget thin && thin.Table.Id == origin && !thin.Table.ReadOnly && !device.IsSuspended);

    public KernelResult<IReadOnlyList<ulong?>> MeasureAboveOrigins(
        MappedName pool, IReadOnlyList<ThinAndOrigin> thins, MetadataReading reading = default) =>
        WithHeld<IReadOnlyList<ulong?>>(pool, reading, (held, _) => [.. thins.Select(thin =>
            held.TryGetValue(thin.Id.Value, out var record)
                ? record.Above(thin.Origin is { } origin ? held.GetValueOrDefault(origin.Value) : null)
                : (ulong?)null)]);

    private KernelResult<IReadOnlyList<ThinUsage>> List(MappedName pool, MetadataReading reading, bool measure) =>
        WithHeld<IReadOnlyList<ThinUsage>>(pool, reading, (held, metadata) => [.. UsageOf(held, metadata, measure)]);

    private static IEnumerable<ThinUsage> UsageOf(
        ImmutableSortedDictionary<uint, ThinRecord> held, PoolMetadata metadata, bool measure) =>
        held.Select(thin => new ThinUsage(
            new ThinId(thin.Key),
            thin.Value.MappedBlocks,
            measure ? metadata.Exclusive(thin.Value) : null,
            thin.Value.CreatedIn)
        {
            SnapshotOf = held.Where(other => other.Value.SnapshottedTime == thin.Value.CreatedTime
                    && other.Value.CreatedTime < thin.Value.CreatedTime)
                .Select(other => (ThinId?)new ThinId(other.Key)).FirstOrDefault(),
        });

    public KernelResult<IReadOnlyList<BlockRange>> OwnBlocks(MappedName pool, ThinAndOrigin thin, bool isOrigin)
    {
        var read = WithHeld<IReadOnlyList<ulong>>(pool, MetadataReading.Now, (held, _) =>
            held.TryGetValue(thin.Id.Value, out var record)
                ? [.. record.Own(thin.Origin is { } origin ? held.GetValueOrDefault(origin.Value) : null, isOrigin)]
                : [ulong.MaxValue]);
        return !read.Succeeded ? read.Error
            : read.Value is [ulong.MaxValue]
                ? new KernelError(KernelFault.NotFound, 0, "read metadata", pool.Value, $"it has no thin id {thin.Id}")
            : KernelResult.Found<IReadOnlyList<BlockRange>>(Ranges(read.Value));
    }

    public KernelResult<IReadOnlyList<ByteRange>> ChangedRanges(MappedName pool, ThinId thin, ThinId? since)
    {
        ThinId? missing = null;
        var read = WithHeld<IReadOnlyList<ByteRange>>(pool, MetadataReading.Now, (held, metadata) =>
        {
            missing = !held.ContainsKey(thin.Value) ? thin
                : since is { } other && !held.ContainsKey(other.Value) ? other : null;
            return missing is not null ? [] : [.. Ranges(held[thin.Value].Differing(
                since is { } id ? held[id.Value] : null)).Select(blocks =>
                {
                    var (start, length) = blocks.InBytes(metadata.BlockSize.Bytes);
                    return new ByteRange(start, length);
                })];
        });
        return missing is { } gone
            ? new KernelError(KernelFault.NotFound, 0, "read metadata", pool.Value, $"it has no thin id {gone}")
            : read;
    }

    private static List<BlockRange> Ranges(IEnumerable<ulong> blocks)
    {
        var ranges = new List<BlockRange>();
        foreach (var block in blocks)
        {
            if (ranges is [.., var last] && last.End == block)
                ranges[^1] = last with { Count = last.Count + 1 };
            else
                ranges.Add(new BlockRange(block, 1));
        }
        return ranges;
    }

    /// <summary>What is being read of a pool while its reader does something else in between.</summary>
    private readonly Dictionary<MappedName, (ImmutableSortedDictionary<uint, ThinRecord>, PoolMetadata)> _reading = [];

    private KernelResult<T> WithHeld<T>(
        MappedName pool, MetadataReading reading,
        Func<ImmutableSortedDictionary<uint, ThinRecord>, PoolMetadata, T> read) where T : class =>
        Run<T>("reserve_metadata_snap", pool, () =>
        {
            if (reading.MaxAge > TimeSpan.Zero && _reading.TryGetValue(pool, out var shared))
                return (Errno.None, read(shared.Item1, shared.Item2));
            if (FindPool(pool, out var errno) is not { } found)
                return (errno, null);
            errno = found.Message(metadata =>
                metadata.Held is null ? (Errno.None, metadata.WithHeld()) : (Errno.Busy, metadata));
            if (errno != Errno.None)
                return (errno, null);
            var thins = found.Current.Held!;
            var metadata = found.Current.WithoutHeld();
            found.Message(_ => (Errno.None, metadata));
            _reading[pool] = (thins, metadata);
            try
            {
                return (Errno.None, read(thins, metadata));
            }
            finally
            {
                _reading.Remove(pool);
            }
        });

    private KernelResult Message(
        string message, MappedName pool, Func<SimulatedPool, PoolMetadata, (Errno Errno, PoolMetadata Next)> change) =>
        Run(message, pool, () =>
            FindPool(pool, out var errno) is { } found ? found.Message(metadata => change(found, metadata)) : errno);

    /// <summary>ENXIO where the device is not live, EINVAL where it is no pool.</summary>
    private SimulatedPool? FindPool(MappedName name, out Errno errno)
    {
        var target = _mapped.Find(name)?.Target;
        errno = target switch
        {
            null => Errno.NoDeviceOrAddress,
            PoolTarget => Errno.None,
            _ => Errno.Invalid,
        };
        return (target as PoolTarget)?.Pool;
    }
}
