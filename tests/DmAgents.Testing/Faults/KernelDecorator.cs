using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Faults;

/// <summary>Forwards every call to another kernel through one place, where heirs step in.</summary>
public abstract class KernelDecorator(IKernel inner) : IKernel
{
    public KernelResult CheckMetadata(DevicePath metadata, bool yielding) =>
        Call(nameof(CheckMetadata), metadata, () => inner.CheckMetadata(metadata, yielding));

    public KernelResult ClearNeedsCheck(DevicePath metadata) =>
        Call(nameof(ClearNeedsCheck), metadata, () => inner.ClearNeedsCheck(metadata));

    public KernelResult<MetadataRepair> RepairMetadata(
        DevicePath damaged, LoopFile scratch, DevicePath into, MetadataShape shape) =>
        Call(nameof(RepairMetadata), into, () => inner.RepairMetadata(damaged, scratch, into, shape));

    public KernelResult<MetadataContent> ReadMetadata(DevicePath metadata) =>
        Call(nameof(ReadMetadata), metadata, () => inner.ReadMetadata(metadata));

    public KernelResult<MetadataLayout> InspectMetadata(DevicePath device, SectorCount start) =>
        Call(nameof(InspectMetadata), device, () => inner.InspectMetadata(device, start));

    public KernelResult CopyMetadata(ImmutableArray<LinearSegment> from, DevicePath into) =>
        Call(nameof(CopyMetadata), into, () => inner.CopyMetadata(from, into));

    public KernelResult<MetadataContent> DumpMetadata(MappedName pool, Stream into) =>
        Call(nameof(DumpMetadata), pool, () => inner.DumpMetadata(pool, into));

    public KernelResult RestoreMetadata(
        Stream text, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding) =>
        Call(nameof(RestoreMetadata), into, () => inner.RestoreMetadata(text, scratch, into, shape, yielding));

    public KernelResult OpenPool(ThinPoolTable table) =>
        Call(nameof(OpenPool), table.Name, () =>
        {
            Begun(nameof(OpenPool), table.Name, table.Uuid);
            return inner.OpenPool(table);
        });

    public KernelResult ReloadPool(ThinPoolTable table) =>
        Call(nameof(ReloadPool), table.Name, () => inner.ReloadPool(table));

    public KernelResult<TableState> Compare(ThinPoolTable table) =>
        Call(nameof(Compare), table.Name, () => inner.Compare(table));

    public KernelResult ClosePool(MappedName pool) => Call(nameof(ClosePool), pool, () => inner.ClosePool(pool));

    public KernelResult<ThinPoolStatus> PoolStatus(MappedName pool) =>
        Call(nameof(PoolStatus), pool, () => inner.PoolStatus(pool));

    public KernelResult CreateThin(MappedName pool, ThinId id) =>
        Call(nameof(CreateThin), $"{pool} {id}", () => inner.CreateThin(pool, id));

    public KernelResult CreateSnapshot(MappedName pool, ThinId id, ThinId origin) =>
        Call(nameof(CreateSnapshot), $"{pool} {id} of {origin}", () => inner.CreateSnapshot(pool, id, origin));

    public KernelResult DeleteThin(MappedName pool, ThinId id) =>
        Call(nameof(DeleteThin), $"{pool} {id}", () => inner.DeleteThin(pool, id));

    public KernelResult SetTransactionId(MappedName pool, TransactionId expected, TransactionId next) =>
        Call(nameof(SetTransactionId), $"{pool} {next}", () => inner.SetTransactionId(pool, expected, next));

    public KernelResult<IReadOnlyList<ThinUsage>> ListThins(MappedName pool, MetadataReading reading) =>
        Call(nameof(ListThins), pool, () => inner.ListThins(pool, reading));

    public KernelResult<IReadOnlyList<ThinUsage>> MeasureThins(MappedName pool, MetadataReading reading) =>
        Call(nameof(MeasureThins), pool, () => inner.MeasureThins(pool, reading));

    public KernelResult<IReadOnlyList<ulong?>> MeasureAboveOrigins(
        MappedName pool, IReadOnlyList<ThinAndOrigin> thins, MetadataReading reading) =>
        Call(nameof(MeasureAboveOrigins), pool, () => inner.MeasureAboveOrigins(pool, thins, reading));

    public KernelResult<IReadOnlyList<BlockRange>> OwnBlocks(MappedName pool, ThinAndOrigin thin, bool isOrigin) =>
        Call(nameof(OwnBlocks), $"{pool} {thin.Id}", () => inner.OwnBlocks(pool, thin, isOrigin));

    public KernelResult<IReadOnlyList<ByteRange>> ChangedRanges(MappedName pool, ThinId thin, ThinId? since) =>
        Call(nameof(ChangedRanges), $"{pool} {thin}", () => inner.ChangedRanges(pool, thin, since));

    public KernelResult ReleaseMetadataSnapshot(MappedName pool) =>
        Call(nameof(ReleaseMetadataSnapshot), pool, () => inner.ReleaseMetadataSnapshot(pool));

    public KernelResult<LiveDevice> ActivateThin(ThinTable table) =>
        Call(nameof(ActivateThin), table.Name, () =>
        {
            Begun(nameof(ActivateThin), table.Name, table.Uuid);
            return inner.ActivateThin(table);
        });

    public KernelResult ReloadThin(ThinTable table) =>
        Call(nameof(ReloadThin), table.Name, () => inner.ReloadThin(table));

    public KernelResult<LiveDevice> OpenLinear(LinearTable table) =>
        Call(nameof(OpenLinear), table.Name, () =>
        {
            Begun(nameof(OpenLinear), table.Name, table.Uuid);
            return inner.OpenLinear(table);
        });

    public KernelResult ReloadLinear(LinearTable table) =>
        Call(nameof(ReloadLinear), table.Name, () => inner.ReloadLinear(table));

    public KernelResult<LiveDevice> Find(MappedName name) => Call(nameof(Find), name, () => inner.Find(name));

    public KernelResult<TableState> Compare(ThinTable table) =>
        Call(nameof(Compare), table.Name, () => inner.Compare(table));

    public KernelResult<TableState> Compare(LinearTable table) =>
        Call(nameof(Compare), table.Name, () => inner.Compare(table));

    public KernelResult<IReadOnlyList<LiveDevice>> ListDevices(string uuidStart) =>
        Call(nameof(ListDevices), uuidStart, () => inner.ListDevices(uuidStart));

    public KernelResult Suspend(MappedName name, bool freeze) =>
        Call(nameof(Suspend), name, () => inner.Suspend(name, freeze));

    public KernelResult Resume(MappedName name) => Call(nameof(Resume), name, () => inner.Resume(name));

    public KernelResult Remove(MappedName name, bool deferred) =>
        Call(nameof(Remove), name, () => inner.Remove(name, deferred));

    /// <summary>Not a step: it changes nothing that outlives the process.</summary>
    public KernelResult<IDisposable> Claim(PoolUuid pool) => inner.Claim(pool);

    public KernelResult<IDeviceEvents> WatchEvents() => Call(nameof(WatchEvents), "", inner.WatchEvents);

    public KernelResult<ByteSize> MappedBytes(MappedName thin) =>
        Call(nameof(MappedBytes), thin, () => inner.MappedBytes(thin));

    public KernelResult<IReadOnlyList<DeviceHolder>> Holders(LiveDevice device) =>
        Call(nameof(Holders), device.Name, () => inner.Holders(device));

    /// <summary>Not a step: it asks nothing.</summary>
    public KernelVersion Running => inner.Running;

    public KernelResult TryMount(DevicePath device, FileSystemKind kind) =>
        Call(nameof(TryMount), device, () => inner.TryMount(device, kind));

    public KernelResult Format(DevicePath device, FileSystemKind kind) =>
        Call(nameof(Format), device, () => inner.Format(device, kind));

    public KernelResult Grow(DevicePath device, FileSystemKind kind, MountPath? mountedAt) =>
        Call(nameof(Grow), device, () => inner.Grow(device, kind, mountedAt));

    public KernelResult Mount(
        DevicePath device, MountPath target, FileSystemKind kind, bool readOnly, string? directory = null) =>
        Call(nameof(Mount), target, () => inner.Mount(device, target, kind, readOnly, directory));

    public KernelResult Unmount(MountPath target, bool detach) =>
        Call(nameof(Unmount), target, () => inner.Unmount(target, detach));

    public KernelResult<FileSystemTraits> Traits(DevicePath device, FileSystemKind kind) =>
        Call(nameof(Traits), device, () => inner.Traits(device, kind));

    public KernelResult<ulong> UsedInodes(DevicePath device, FileSystemKind kind) =>
        Call(nameof(UsedInodes), device, () => inner.UsedInodes(device, kind));

    public KernelResult<IReadOnlyList<MountEntry>> Mounts() => Call(nameof(Mounts), "", inner.Mounts);

    public KernelResult<MountedDevice> MountAt(MountPath target) =>
        Call(nameof(MountAt), target, () => inner.MountAt(target));

    public KernelResult<ByteSize> Trim(MountPath mounted, ByteSize start, ByteSize length) =>
        Call(nameof(Trim), $"{mounted} {start.Bytes} {length.Bytes}", () => inner.Trim(mounted, start, length));

    public KernelResult SyncFileSystem(MountPath mounted) =>
        Call(nameof(SyncFileSystem), mounted, () => inner.SyncFileSystem(mounted));

    public KernelResult EnsureDirectory(MountPath path) =>
        Call(nameof(EnsureDirectory), path, () => inner.EnsureDirectory(path));

    public KernelResult RemoveDirectory(MountPath path) =>
        Call(nameof(RemoveDirectory), path, () => inner.RemoveDirectory(path));

    public KernelResult<DirectoryIdentity> Identify(MountPath directory) =>
        Call(nameof(Identify), directory, () => inner.Identify(directory));

    public KernelResult<IReadOnlyList<DirectoryUser>> UsersOf(MountPath directory) =>
        Call(nameof(UsersOf), directory, () => inner.UsersOf(directory));

    public KernelResult<BlockDeviceInfo> Inspect(DevicePath device) =>
        Call(nameof(Inspect), device, () => inner.Inspect(device));

    public KernelResult Read(DevicePath device, ByteSize offset, Span<byte> into)
    {
        var buffer = new byte[into.Length];
        var result = Call(nameof(Read), device, () => inner.Read(device, offset, buffer));
        if (result.Succeeded)
            buffer.CopyTo(into);
        return result;
    }

    public KernelResult Write(DevicePath device, ByteSize offset, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        return Call(nameof(Write), device, () => inner.Write(device, offset, copy));
    }

    public KernelResult Zero(DevicePath device, ByteSize offset, ByteSize length) =>
        Call(nameof(Zero), device, () => inner.Zero(device, offset, length));

    public KernelResult Discard(DevicePath device, ByteSize offset, ByteSize length) =>
        Call(nameof(Discard), $"{device} {offset.Bytes} {length.Bytes}", () => inner.Discard(device, offset, length));

    public KernelResult Flush(DevicePath device) => Call(nameof(Flush), device, () => inner.Flush(device));

    public KernelResult<IOpenBlocks> OpenForReading(MappedName device) =>
        Call(nameof(OpenForReading), device, () => inner.OpenForReading(device));

    public KernelResult<IOpenReceivingDevice> OpenForReceiving(MappedName device, PoolBlockSize block)
    {
        var opened = Call(nameof(OpenForReceiving), device, () => inner.OpenForReceiving(device, block));
        return opened.Succeeded
            ? KernelResult.Found<IOpenReceivingDevice>(new Receiving(this, device, opened.Value))
            : opened.Error;
    }

    public KernelResult CreateFile(LoopFile file, ByteSize size) =>
        Call(nameof(CreateFile), file, () => inner.CreateFile(file, size));

    public KernelResult EnlargeFile(LoopFile file, ByteSize size) =>
        Call(nameof(EnlargeFile), file, () => inner.EnlargeFile(file, size));

    public KernelResult DeleteFile(LoopFile file) =>
        Call(nameof(DeleteFile), file, () => inner.DeleteFile(file));

    public KernelResult<LoopFileInfo> InspectFile(LoopFile file) =>
        Call(nameof(InspectFile), file, () => inner.InspectFile(file));

    public KernelResult<DevicePath> AttachLoop(LoopFile file) =>
        Call(nameof(AttachLoop), file, () => inner.AttachLoop(file));

    public KernelResult DetachLoop(LoopFile file) =>
        Call(nameof(DetachLoop), file, () => inner.DetachLoop(file));

    public KernelResult<DevicePath> EnsureVolume(LogicalVolume volume, ByteSize size) =>
        Call(nameof(EnsureVolume), volume, () => inner.EnsureVolume(volume, size));

    public KernelResult<IReadOnlyList<DevicePath>> DisksOf(string group) =>
        Call(nameof(DisksOf), group, () => inner.DisksOf(group));

    /// <summary>The one place: <paramref name="call"/> does it. A call that is not made gives the error.</summary>
    protected abstract KernelError? Around(KernelCall call, Func<KernelError?> run);

    /// <summary>A device is about to be made, of which the kernel makes the name first and the table then.</summary>
    protected virtual void Begun(string operation, MappedName name, MappedUuid uuid)
    {
    }

    private KernelResult Call(string operation, object subject, Func<KernelResult> run) =>
        new(Around(new KernelCall(operation, subject.ToString()!), () => run().Error));

    private KernelResult<T> Call<T>(string operation, object subject, Func<KernelResult<T>> run)
    {
        KernelResult<T>? result = null;
        var error = Around(new KernelCall(operation, subject.ToString()!), () =>
        {
            result = run();
            return result.Value.Error;
        });
        return error is null ? result!.Value : error;
    }

    /// <summary>What changes the device goes through the one place, too.</summary>
    private sealed class Receiving(KernelDecorator kernel, MappedName device, IOpenReceivingDevice inner)
        : IOpenReceivingDevice
    {
        public ByteSize Size => inner.Size;

        public KernelResult Read(ByteSize offset, Span<byte> into) => inner.Read(offset, into);

        public KernelResult Write(ByteSize offset, ReadOnlySpan<byte> bytes)
        {
            var copy = bytes.ToArray();
            return kernel.Call(nameof(Write), $"{device} {offset.Bytes}", () => inner.Write(offset, copy));
        }

        public KernelResult Zero(ByteRange range) =>
            kernel.Call(nameof(Zero), $"{device} {range.Start.Bytes}", () => inner.Zero(range));

        public KernelResult Sync() => kernel.Call(nameof(Sync), device, inner.Sync);

        public void Dispose() => inner.Dispose();
    }
}
