using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Testing.Simulation;

/// <summary>A block device: a disk, a loop device or a mapped device. Offsets and lengths are bytes.</summary>
internal abstract class SimulatedDevice(DeviceNumber number, DevicePath path)
{
    public DeviceNumber Number { get; } = number;

    public DevicePath Path { get; } = path;

    public abstract ulong Length { get; }

    public abstract bool ReadOnly { get; }

    /// <summary>Takes discards.</summary>
    public abstract bool Discards { get; }

    /// <summary>What users of the device have to keep to.</summary>
    public abstract DiskShape Shape { get; }

    public uint OpenCount { get; private set; }

    /// <summary>Tables of mapped devices that stand on this one. They share their claim.</summary>
    public List<MappedDevice> Above { get; } = [];

    /// <summary>The file system that is mounted from it.</summary>
    public MountedFileSystem? FileSystem { get; set; }

    /// <summary>A process has it open for itself alone (O_EXCL).</summary>
    public bool IsClaimed { get; set; }

    /// <summary>I/O to it waits.</summary>
    public virtual bool IsHeldBack => false;

    public bool InUse => FileSystem is not null || Above.Count > 0 || IsClaimed;

    public abstract Errno Read(ulong offset, Span<byte> into);

    public abstract Errno Write(ulong offset, ReadOnlySpan<byte> bytes);

    /// <summary>Zeroes. What cannot do better writes zeroes, and allocates.</summary>
    public abstract Errno WriteZeroes(ulong offset, ulong length);

    public abstract Errno Discard(ulong offset, ulong length);

    /// <summary>Makes what was written durable.</summary>
    public abstract Errno Flush();

    public void Open() => OpenCount++;

    public void Close()
    {
        if (OpenCount == 0)
            throw new InvalidOperationException($"{Path} is not open");
        OpenCount--;
        if (OpenCount == 0)
            LastUserClosed();
    }

    /// <summary>True where the range is within the device.</summary>
    public bool Holds(ulong offset, ulong length) => offset <= Length && length <= Length - offset;

    protected virtual void LastUserClosed()
    {
    }
}
