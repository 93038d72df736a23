using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>The pool's own device: its data device as it is. Holds both devices below open.</summary>
internal sealed class PoolTarget : IMappingTarget
{
    private readonly SectorCount _length;

    public PoolTarget(SimulatedPool pool, ThinPoolTable table)
    {
        Pool = pool;
        _length = table.DataLength;
        Shape = pool.DataDevice.Shape;
        Hold(pool.MetadataDevice);
        Hold(pool.DataDevice);
    }

    public SimulatedPool Pool { get; }

    public SectorCount Length => _length;

    public bool ReadOnly => false;

    public bool Discards => Pool.DataDevice.Discards;

    /// <summary>That of the data: the metadata's disk has no part in it.</summary>
    public DiskShape Shape { get; }

    public Errno Read(ulong offset, Span<byte> into) => Pool.DataDevice.Read(offset, into);

    public Errno Write(ulong offset, ReadOnlySpan<byte> bytes) => Pool.DataDevice.Write(offset, bytes);

    public Errno WriteZeroes(ulong offset, ulong length) => Pool.DataDevice.WriteZeroes(offset, length);

    public Errno Discard(ulong offset, ulong length) => Pool.DataDevice.Discard(offset, length);

    public Errno Flush() => Pool.Flush();

    public void Suspended() => Pool.Commit();

    public void Release()
    {
        LetGo(Pool.MetadataDevice);
        LetGo(Pool.DataDevice);
    }

    private void Hold(SimulatedDevice device)
    {
        device.Open();
        device.Above.Add(Pool.Owner);
    }

    private void LetGo(SimulatedDevice device)
    {
        device.Above.Remove(Pool.Owner);
        device.Close();
    }
}

/// <summary>A thin device. Holds its pool open, and its thin id live.</summary>
internal sealed class ThinTarget : IMappingTarget
{
    private readonly MappedDevice _owner;
    private readonly ThinTable _table;
    private readonly SimulatedPool _pool;

    public ThinTarget(MappedDevice owner, SimulatedPool pool, ThinTable table)
    {
        _owner = owner;
        _pool = pool;
        _table = table;
        Shape = pool.Owner.Shape;
        pool.Owner.Open();
        pool.Owner.Above.Add(owner);
        pool.LiveThins[table.Id.Value] = pool.LiveThins.GetValueOrDefault(table.Id.Value) + 1;
    }

    public ThinTable Table => _table;

    public SimulatedPool Pool => _pool;

    public SectorCount Length => _table.Length;

    public bool ReadOnly => _table.ReadOnly;

    public bool Discards => _pool.Discard != DiscardPolicy.Ignore;

    /// <summary>The pool's when the table was loaded: one that grows by larger sectors does not reach those that are
    /// live.</summary>
    public DiskShape Shape { get; }

    /// <summary>Null where the pool has failed and the number cannot be had.</summary>
    public ByteSize? Mapped => _pool.Mode == SimulatedPoolMode.Fail
        ? null
        : new(_pool.Current.Thins[_table.Id.Value].MappedBlocks * _pool.Current.BlockSize.Bytes.Bytes);

    private uint Id => _table.Id.Value;

    private bool HeldBack => _pool.Owner.IsSuspended;

    public Errno Read(ulong offset, Span<byte> into) => HeldBack ? Errno.Blocked : _pool.ReadThin(Id, offset, into);

    public Errno Write(ulong offset, ReadOnlySpan<byte> bytes) =>
        HeldBack ? Errno.Blocked : _pool.WriteThin(Id, offset, bytes);

    public Errno WriteZeroes(ulong offset, ulong length)
    {
        var zeroes = new byte[1 << 16];
        for (var end = offset + length; offset < end;)
        {
            var piece = Math.Min((ulong)zeroes.Length, end - offset);
            var errno = Write(offset, zeroes.AsSpan(0, (int)piece));
            if (errno != Errno.None)
                return errno;
            offset += piece;
        }
        return Errno.None;
    }

    public Errno Discard(ulong offset, ulong length) =>
        HeldBack ? Errno.Blocked : _pool.DiscardThin(Id, offset, length);

    public Errno Flush() => HeldBack ? Errno.Blocked : _pool.Flush();

    public void Suspended()
    {
    }

    public void Release()
    {
        if (--_pool.LiveThins[Id] == 0)
            _pool.LiveThins.Remove(Id);
        _pool.Owner.Above.Remove(_owner);
        _pool.Owner.Close();
    }
}
