using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel;

/// <content>The calls of IThinPools.</content>
public sealed partial class LinuxKernel
{
    public KernelResult CheckMetadata(DevicePath metadata, bool yielding = false) =>
        _pools.CheckMetadata(metadata, yielding);

    public KernelResult OpenPool(ThinPoolTable table) => _pools.OpenPool(table);

    public KernelResult ReloadPool(ThinPoolTable table) => _pools.ReloadPool(table);

    public KernelResult<TableState> Compare(ThinPoolTable table) => _pools.Compare(table);

    public KernelResult ClosePool(MappedName pool) => _pools.ClosePool(pool);

    public KernelResult<ThinPoolStatus> PoolStatus(MappedName pool) => _pools.PoolStatus(pool);

    public KernelResult CreateThin(MappedName pool, ThinId id) => _pools.CreateThin(pool, id);

    public KernelResult CreateSnapshot(MappedName pool, ThinId id, ThinId origin) =>
        _pools.CreateSnapshot(pool, id, origin);

    public KernelResult DeleteThin(MappedName pool, ThinId id) => _pools.DeleteThin(pool, id);

    public KernelResult SetTransactionId(MappedName pool, TransactionId expected, TransactionId next) =>
        _pools.SetTransactionId(pool, expected, next);

    public KernelResult<IReadOnlyList<ThinUsage>> ListThins(MappedName pool, MetadataReading reading = default) =>
        _pools.ListThins(pool, reading);

    public KernelResult<IReadOnlyList<ThinUsage>> MeasureThins(MappedName pool, MetadataReading reading = default) =>
        _pools.MeasureThins(pool, reading);

    public KernelResult<IReadOnlyList<ulong?>> MeasureAboveOrigins(
        MappedName pool, IReadOnlyList<ThinAndOrigin> thins, MetadataReading reading = default) =>
        _pools.MeasureAboveOrigins(pool, thins, reading);

    public KernelResult<IReadOnlyList<BlockRange>> OwnBlocks(MappedName pool, ThinAndOrigin thin, bool isOrigin) =>
        _pools.OwnBlocks(pool, thin, isOrigin);

    public KernelResult<IReadOnlyList<ByteRange>> ChangedRanges(MappedName pool, ThinId thin, ThinId? since) =>
        _pools.ChangedRanges(pool, thin, since);

    public KernelResult ReleaseMetadataSnapshot(MappedName pool) => _pools.ReleaseMetadataSnapshot(pool);
}
