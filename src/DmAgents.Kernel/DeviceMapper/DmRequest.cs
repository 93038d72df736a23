using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using DmAgents.Domain.Devices;

namespace DmAgents.Kernel.DeviceMapper;

/// <summary>One ioctl before it is sent: the device, the flags and the records behind the header.</summary>
internal sealed record DmRequest(DmCommand Command, string Operation, MappedName? Name = null)
{
    public MappedUuid Uuid { get; init; }

    public DmFlags Flags { get; init; }

    public uint EventNumber { get; init; }

    public uint TargetCount { get; init; }

    public byte[] Payload { get; init; } = [];

    public string Subject => Name?.Value ?? "/dev/mapper/control";

    /// <summary>The request in a zeroed buffer. Version 4.0.0 asks for nothing that a kernel of this century lacks; the
    /// kernel answers with its own version.</summary>
    public unsafe byte[] ToBuffer(int size)
    {
        var buffer = new byte[Math.Max(size, DmLayout.HeaderSize + Payload.Length)];
        ref var header = ref MemoryMarshal.AsRef<DmIoctl>(buffer.AsSpan());
        header.VersionMajor = 4;
        header.DataSize = (uint)buffer.Length;
        header.DataStart = DmLayout.HeaderSize;
        header.TargetCount = TargetCount;
        header.Flags = Flags;
        header.EventNumber = EventNumber;
        Put(Name?.Value ?? "", buffer.AsSpan(48, DmLayout.NameLength));
        Put(Uuid.Value, buffer.AsSpan(176, DmLayout.UuidLength));
        Payload.CopyTo(buffer.AsSpan(DmLayout.HeaderSize));
        return buffer;
    }

    /// <summary>The records of a table: each a dm_target_spec, its parameters, a terminating NUL, padding to
    /// 8.</summary>
    public static byte[] Table(IReadOnlyList<DmTarget> targets)
    {
        using var table = new MemoryStream();
        foreach (var target in targets)
        {
            var text = Encoding.UTF8.GetBytes(target.Text);
            var record = new byte[DmLayout.Align(DmLayout.TargetSpecSize + text.Length + 1)];
            BinaryPrimitives.WriteUInt64LittleEndian(record, target.Start.Value);
            BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(DmLayout.TargetSpecLength), target.Length.Value);
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(DmLayout.TargetSpecNext), record.Length);
            Put(target.Type, record.AsSpan(DmLayout.TargetSpecType, DmLayout.TargetTypeLength));
            text.CopyTo(record.AsSpan(DmLayout.TargetSpecSize));
            table.Write(record);
        }
        return table.ToArray();
    }

    /// <summary>A dm_target_msg to sector 0.</summary>
    public static byte[] Message(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var record = new byte[DmLayout.MessageText + bytes.Length + 1];
        bytes.CopyTo(record.AsSpan(DmLayout.MessageText));
        return record;
    }

    /// <summary>A string with its terminating NUL.</summary>
    public static byte[] Word(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private static void Put(string text, Span<byte> field)
    {
        var written = Encoding.UTF8.GetBytes(text, field);
        if (written >= field.Length)
            throw new ArgumentException($"'{text}' leaves no room for its end mark", nameof(text));
    }
}
