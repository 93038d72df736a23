using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.DeviceMapper;

/// <summary>One target of a device: its table line or its status line.</summary>
internal sealed record DmTarget(SectorCount Start, SectorCount Length, string Type, string Text)
{
    /// <summary>Both tables map the same places as far as both reach: only the length of the last shared target may
    /// differ.</summary>
    public static bool MapAlike(IReadOnlyList<DmTarget> one, IReadOnlyList<DmTarget> other)
    {
        var shared = Math.Min(one.Count, other.Count);
        for (var i = 0; i < shared; i++)
        {
            if (one[i].Start != other[i].Start || one[i].Type != other[i].Type || one[i].Text != other[i].Text
                || (i + 1 < shared && one[i].Length != other[i].Length))
                return false;
        }
        return true;
    }

    public override string ToString() => $"{Start} {Length} {Type} {Text}";
}

/// <summary>One line of the device list. The uuid is null if the kernel omits it (before ioctl 4.45).</summary>
internal sealed record DmListed(MappedName Name, DeviceNumber Number, uint EventNumber, MappedUuid? Uuid);

/// <summary>A target type that the kernel has loaded.</summary>
internal sealed record DmTargetVersion(string Type, Version Version);

/// <summary>An ioctl's reply: the header and the records behind it.</summary>
internal sealed class DmReply
{
    private const uint HasUuid = 1;
    private const uint HasNoUuid = 2;

    private readonly byte[] _buffer;

    public DmReply(byte[] buffer)
    {
        _buffer = buffer;
        Header = MemoryMarshal.Read<DmIoctl>(buffer);
    }

    public DmIoctl Header { get; }

    public DeviceNumber Number => DeviceNumbers.Unpack(Header.Device);

    public Version KernelVersion =>
        new((int)Header.VersionMajor, (int)Header.VersionMinor, (int)Header.VersionPatch);

    public MappedUuid Uuid => new(Text(_buffer.AsSpan(176, DmLayout.UuidLength)));

    private ReadOnlySpan<byte> Payload => _buffer.AsSpan((int)Header.DataStart);

    /// <summary>The device of the header, with a length from elsewhere.</summary>
    public LiveDevice Device(MappedName name, SectorCount length) => new(
        name,
        Uuid,
        Number,
        (uint)Math.Max(0, Header.OpenCount),
        Header.Flags.HasFlag(DmFlags.Suspend),
        Header.Flags.HasFlag(DmFlags.ReadOnly),
        Header.Flags.HasFlag(DmFlags.DeferredRemove),
        length);

    /// <summary>The targets of a table or status reply.</summary>
    /// <remarks>Here "next" counts from the first record; in a table to load it counts from the record
    /// itself.</remarks>
    public IReadOnlyList<DmTarget> Targets()
    {
        var targets = new List<DmTarget>();
        var payload = Payload;
        var offset = 0;
        for (var i = 0; i < Header.TargetCount; i++)
        {
            var spec = payload[offset..];
            targets.Add(new DmTarget(
                new SectorCount(BinaryPrimitives.ReadUInt64LittleEndian(spec)),
                new SectorCount(BinaryPrimitives.ReadUInt64LittleEndian(spec[DmLayout.TargetSpecLength..])),
                Text(spec.Slice(DmLayout.TargetSpecType, DmLayout.TargetTypeLength)),
                Text(spec[DmLayout.TargetSpecSize..])));
            offset = BinaryPrimitives.ReadInt32LittleEndian(spec[DmLayout.TargetSpecNext..]);
        }
        return targets;
    }

    /// <summary>The devices of a list reply. Each name is followed, aligned, by the event number and, if the request
    /// had DM_UUID_FLAG, by flags and the uuid.</summary>
    public IReadOnlyList<DmListed> Devices(bool kernelListsUuids)
    {
        var devices = new List<DmListed>();
        var payload = Payload;
        while (true)
        {
            var packed = BinaryPrimitives.ReadUInt64LittleEndian(payload);
            if (packed == 0)
                return devices;
            var name = Text(payload[DmLayout.NameListName..]);
            var tail = payload[DmLayout.Align(DmLayout.NameListName + Encoding.UTF8.GetByteCount(name) + 1)..];
            MappedUuid? uuid = !kernelListsUuids ? null : BinaryPrimitives.ReadUInt32LittleEndian(tail[4..]) switch
            {
                HasUuid => new MappedUuid(Text(tail[8..])),
                HasNoUuid => default(MappedUuid),
                _ => null,
            };
            // A foreign device may have a name that no node can have; it is not the agent's.
            if (MappedName.IsValid(name))
            {
                var events = BinaryPrimitives.ReadUInt32LittleEndian(tail);
                devices.Add(new DmListed(new MappedName(name), DeviceNumbers.Unpack(packed), events, uuid));
            }
            var next = BinaryPrimitives.ReadInt32LittleEndian(payload[DmLayout.NameListNext..]);
            if (next == 0)
                return devices;
            payload = payload[next..];
        }
    }

    public IReadOnlyList<DmTargetVersion> TargetVersions()
    {
        var versions = new List<DmTargetVersion>();
        var payload = Payload;
        while (true)
        {
            var name = Text(payload[DmLayout.VersionsName..]);
            var numbers = payload[DmLayout.VersionsVersion..];
            if (name.Length > 0)
                versions.Add(new DmTargetVersion(name, new Version(
                    BinaryPrimitives.ReadInt32LittleEndian(numbers),
                    BinaryPrimitives.ReadInt32LittleEndian(numbers[4..]),
                    BinaryPrimitives.ReadInt32LittleEndian(numbers[8..]))));
            var next = BinaryPrimitives.ReadInt32LittleEndian(payload);
            if (next == 0)
                return versions;
            payload = payload[next..];
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
