using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>A disk, or the loop device of a file: where bytes end.</summary>
internal sealed class SimulatedDisk(DeviceNumber number, DevicePath path, BlockStore store, bool discards)
    : SimulatedDevice(number, path)
{
    private ulong _length;

    public override ulong Length => _length;

    public override bool ReadOnly => WriteProtected;

    public override bool Discards => discards;

    public override DiskShape Shape => Made with
    {
        LongestDiscard = discards ? Made.LongestDiscard : ByteSize.Zero,
    };

    /// <summary>How it was made.</summary>
    public DiskShape Made { get; set; } = DiskShape.Plain;

    public bool WriteProtected { get; set; }

    /// <summary>Every read and write fails with EIO.</summary>
    public bool Broken { get; set; }

    /// <summary>How much more its host's file system can take; a plain disk has all its room.</summary>
    public Func<ulong> HostRoom { get; init; } = () => ulong.MaxValue;

    public void Resize(ulong length) => _length = length;

    public override Errno Read(ulong offset, Span<byte> into)
    {
        if (Broken || !Holds(offset, (ulong)into.Length))
            return Errno.Io;
        store.Read(offset, into);
        return Errno.None;
    }

    public override Errno Write(ulong offset, ReadOnlySpan<byte> bytes)
    {
        var errno = MayWrite(offset, (ulong)bytes.Length);
        if (errno == Errno.None)
            store.Write(offset, bytes);
        return errno;
    }

    public override Errno WriteZeroes(ulong offset, ulong length)
    {
        var errno = MayWrite(offset, length);
        if (errno == Errno.None)
            store.WriteZeroes(offset, length);
        return errno;
    }

    public override Errno Discard(ulong offset, ulong length)
    {
        if (!discards)
            return Errno.NotSupported;
        if (Broken || !Holds(offset, length))
            return Errno.Io;
        if (WriteProtected)
            return Errno.NotPermitted;
        store.Discard(offset, length);
        return Errno.None;
    }

    public override Errno Flush()
    {
        if (Broken)
            return Errno.Io;
        store.Flush();
        return Errno.None;
    }

    private Errno MayWrite(ulong offset, ulong length)
    {
        if (Broken || !Holds(offset, length))
            return Errno.Io;
        if (WriteProtected)
            return Errno.NotPermitted;
        return store.WouldTake(offset, length) > HostRoom() ? Errno.Io : Errno.None;
    }
}
