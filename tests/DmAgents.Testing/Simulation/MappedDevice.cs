using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>What a mapped device does with its I/O: the live table.</summary>
internal interface IMappingTarget
{
    SectorCount Length { get; }

    bool ReadOnly { get; }

    bool Discards { get; }

    DiskShape Shape { get; }

    Errno Read(ulong offset, Span<byte> into);

    Errno Write(ulong offset, ReadOnlySpan<byte> bytes);

    Errno WriteZeroes(ulong offset, ulong length);

    Errno Discard(ulong offset, ulong length);

    Errno Flush();

    /// <summary>The device was suspended: what the target holds back is settled.</summary>
    void Suspended();

    /// <summary>The table goes: what it holds open is closed.</summary>
    void Release();
}

/// <summary>A live mapped device.</summary>
internal sealed class MappedDevice(
    MappedName name, MappedUuid uuid, DeviceNumber number, Action<MappedDevice> remove)
    : SimulatedDevice(number, name.Path)
{
    private IMappingTarget? _target;

    public MappedName Name { get; } = name;

    public MappedUuid Uuid { get; } = uuid;

    public bool IsSuspended { get; private set; }

    public override bool IsHeldBack => IsSuspended;

    public bool RemovalDeferred { get; set; }

    /// <summary>How many events it had.</summary>
    public uint EventNumber { get; private set; }

    public void RaiseEvent() => EventNumber++;

    public IMappingTarget Target => _target ?? throw new InvalidOperationException($"{Name} has no table");

    public override ulong Length => Target.Length.Bytes.Bytes;

    public override bool ReadOnly => Target.ReadOnly;

    public override bool Discards => Target.Discards;

    public override DiskShape Shape => Target.Shape;

    public LiveDevice Describe() =>
        new(Name, Uuid, Number, OpenCount, IsSuspended, ReadOnly, RemovalDeferred, Target.Length);

    public void Load(IMappingTarget target)
    {
        var former = _target;
        _target = target;
        former?.Release();
    }

    public void Suspend()
    {
        IsSuspended = true;
        Target.Suspended();
    }

    public void Resume() => IsSuspended = false;

    public override Errno Read(ulong offset, Span<byte> into) =>
        IsSuspended ? Errno.Blocked : Holds(offset, (ulong)into.Length) ? Target.Read(offset, into) : Errno.Io;

    public override Errno Write(ulong offset, ReadOnlySpan<byte> bytes)
    {
        var errno = MayWrite(offset, (ulong)bytes.Length);
        return errno == Errno.None ? Target.Write(offset, bytes) : errno;
    }

    public override Errno WriteZeroes(ulong offset, ulong length)
    {
        var errno = MayWrite(offset, length);
        return errno == Errno.None ? Target.WriteZeroes(offset, length) : errno;
    }

    public override Errno Discard(ulong offset, ulong length)
    {
        if (!Discards)
            return Errno.NotSupported;
        var errno = MayWrite(offset, length);
        return errno == Errno.None ? Target.Discard(offset, length) : errno;
    }

    public override Errno Flush() => IsSuspended ? Errno.Blocked : Target.Flush();

    protected override void LastUserClosed()
    {
        if (RemovalDeferred)
            remove(this);
    }

    private Errno MayWrite(ulong offset, ulong length)
    {
        if (ReadOnly)
            return Errno.NotPermitted;
        if (!Holds(offset, length))
            return Errno.Io;
        return IsSuspended ? Errno.Blocked : Errno.None;
    }
}
