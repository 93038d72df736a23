using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>A live pool of a <see cref="ContractScope"/>, with shorthands for what the facts do to it.</summary>
public sealed class ContractPool(ContractScope scope, PoolName name, PoolUuid uuid, ThinPoolTable table)
{
    public static ByteSize BlockSize { get; } = PoolBlockSize.Default.Bytes;

    private IKernel Kernel => scope.Kernel;

    public PoolUuid Uuid => uuid;

    /// <summary>The table that the pool was opened with.</summary>
    public ThinPoolTable Table => table;

    public MappedName Name => table.Name;

    public ThinPoolStatus Status => Kernel.PoolStatus(Name).Must();

    public ulong UsedBlocks => Status.Data.Used;

    public static ThinId Id(uint id) => new(id);

    /// <summary>A block's worth of one byte.</summary>
    public static byte[] Block(byte fill, ulong count = 1)
    {
        var bytes = new byte[count * BlockSize.Bytes];
        bytes.AsSpan().Fill(fill);
        return bytes;
    }

    public void Create(uint id) => Kernel.CreateThin(Name, Id(id)).Must();

    public void Snapshot(uint id, uint origin) => Kernel.CreateSnapshot(Name, Id(id), Id(origin)).Must();

    public void Delete(uint id) => Kernel.DeleteThin(Name, Id(id)).Must();

    public ThinTable Thin(uint id, ulong mebibytes = 64, bool readOnly = false) => new(
        DeviceNames.Thin(name, Id(id)),
        DeviceNames.ThinDeviceId(uuid, Id(id)),
        Name,
        Id(id),
        ByteSize.MiB(mebibytes).Sectors,
        readOnly);

    /// <summary>Makes the thin device live; the scope takes it down.</summary>
    public LiveDevice Activate(uint id, ulong mebibytes = 64, bool readOnly = false)
    {
        var thin = Thin(id, mebibytes, readOnly);
        scope.AtEnd(() => scope.RemoveDevice(thin.Name));
        return Kernel.ActivateThin(thin).Must();
    }

    /// <summary>A new thin device, live.</summary>
    public LiveDevice CreateActive(uint id, ulong mebibytes = 64)
    {
        Create(id);
        return Activate(id, mebibytes);
    }

    public void Deactivate(uint id) => Kernel.Remove(Thin(id).Name, deferred: false).Must();

    /// <summary>Writes whole blocks to a live thin device.</summary>
    public void Write(uint id, ulong block, byte fill, ulong count = 1) =>
        Kernel.Write(Thin(id).Name.Path, At(block), Block(fill, count)).Must();

    public byte[] Read(uint id, ulong block, ulong count = 1)
    {
        var bytes = new byte[count * BlockSize.Bytes];
        Kernel.Read(Thin(id).Name.Path, At(block), bytes).Must();
        return bytes;
    }

    /// <summary>Every byte of the block is this one.</summary>
    public void MustHold(uint id, ulong block, byte fill, ulong count = 1) =>
        Assert.True(
            Read(id, block, count).AsSpan().IndexOfAnyExcept(fill) < 0,
            $"thin {id} has not only {fill} in block {block}");

    public ulong MappedBlocks(uint id) => Kernel.MappedBytes(Thin(id).Name).Must().Bytes / BlockSize.Bytes;

    public void MustUse(ulong blocks) => Eventually.Equal(blocks, () => UsedBlocks, "the number of used data blocks");

    public static ByteSize At(ulong block) => new(block * BlockSize.Bytes);
}
