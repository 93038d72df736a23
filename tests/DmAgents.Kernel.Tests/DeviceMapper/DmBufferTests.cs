using System.Buffers.Binary;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using DmAgents.Kernel.DeviceMapper;

namespace DmAgents.Kernel.Tests.DeviceMapper;

public sealed class DmBufferTests
{
    private const int Head = 312;

    [Fact]
    public void A_request_lies_in_its_buffer_as_the_kernel_reads_it()
    {
        var request = new DmRequest(DmCommand.DeviceCreate, "create", new MappedName("a-name"))
        {
            Uuid = new MappedUuid("A-UUID"),
            Flags = DmFlags.ReadOnly | DmFlags.NoFlush,
            EventNumber = 0x4F0000,
            TargetCount = 2,
            Payload = [1, 2, 3],
        };

        var buffer = request.ToBuffer(16 * 1024);

        Assert.Equal(16 * 1024, buffer.Length);
        Assert.Equal([4, 0, 0, 16 * 1024, Head, 2, 0, (1 << 0) | (1 << 11), 0x4F0000],
            Enumerable.Range(0, 9).Select(i => BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(i * 4))));
        Assert.Equal("a-name\0"u8.ToArray(), buffer[48..55]);
        Assert.Equal("A-UUID\0"u8.ToArray(), buffer[176..183]);
        Assert.Equal([1, 2, 3, 0], buffer[Head..(Head + 4)]);
        Assert.All(buffer[(Head + 3)..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_payload_larger_than_the_buffer_makes_it_larger()
    {
        var request = new DmRequest(DmCommand.TableLoad, "load") { Payload = new byte[20_000] };

        Assert.Equal(Head + 20_000, request.ToBuffer(16 * 1024).Length);
    }

    [Fact]
    public void The_longest_name_and_uuid_have_room_for_their_end_mark()
    {
        var request = new DmRequest(DmCommand.DeviceCreate, "create", new MappedName(new string('n', 127)))
        {
            Uuid = new MappedUuid(new string('u', 128)),
        };

        var buffer = request.ToBuffer(0);

        Assert.Equal((byte)'n', buffer[48 + 126]);
        Assert.Equal(0, buffer[48 + 127]);
        Assert.Equal((byte)'u', buffer[176 + 127]);
        Assert.Equal(0, buffer[176 + 128]);
    }

    [Fact]
    public void Records_of_a_table_are_padded_and_each_tells_its_own_length()
    {
        var bytes = DmRequest.Table(
        [
            new DmTarget(default, new SectorCount(8), "linear", "1:2 3"),
            new DmTarget(new SectorCount(8), new SectorCount(16), "error", ""),
        ]);

        Assert.Equal(48 + 48, bytes.Length);
        Assert.Equal(48, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(20)));
        Assert.Equal("linear\0"u8.ToArray(), bytes[24..31]);
        Assert.Equal("1:2 3\0"u8.ToArray(), bytes[40..46]);
        Assert.Equal(8ul, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(48)));
        Assert.Equal(16ul, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(56)));
        Assert.Equal("error\0"u8.ToArray(), bytes[72..78]);
    }

    [Fact]
    public void Targets_of_a_reply_are_found_from_the_first_record_on()
    {
        var reply = Reply(targetCount: 2, payload =>
        {
            var next = Target(payload, 0, 0, 8, "thin", "128 255", next: 64);
            Target(payload, next, 8, 16, "error", "", next: 112);
        });

        Assert.Equal(
            [
                new DmTarget(default, new SectorCount(8), "thin", "128 255"),
                new DmTarget(new SectorCount(8), new SectorCount(16), "error", ""),
            ],
            reply.Targets());
    }

    [Fact]
    public void A_list_of_devices_has_names_numbers_events_and_uuids()
    {
        var reply = Reply(targetCount: 0, payload =>
        {
            Device(payload, 0, 0xFE01, "first", 7, "UUID-1", next: 56);
            Device(payload, 56, 0xFE02, "second-name", 0, uuid: null, next: 0);
        });

        Assert.Equal(
            [
                new DmListed(new("first"), new(254, 1), 7, new MappedUuid("UUID-1")),
                new DmListed(new("second-name"), new(254, 2), 0, default(MappedUuid)),
            ],
            reply.Devices(kernelListsUuids: true));
        Assert.All(reply.Devices(kernelListsUuids: false), device => Assert.Null(device.Uuid));
    }

    [Fact]
    public void An_empty_list_of_devices_is_one_record_of_device_zero() =>
        Assert.Empty(Reply(targetCount: 0, _ => { }).Devices(kernelListsUuids: true));

    [Fact]
    public void Target_versions_are_read()
    {
        var reply = Reply(targetCount: 0, payload =>
        {
            Version(payload, 0, "thin-pool", (1, 22, 0), next: 32);
            Version(payload, 32, "linear", (1, 4, 5), next: 0);
        });

        Assert.Equal(
            [new DmTargetVersion("thin-pool", new(1, 22, 0)), new DmTargetVersion("linear", new(1, 4, 5))],
            reply.TargetVersions());
    }

    private delegate void Fill(Span<byte> payload);

    private static DmReply Reply(int targetCount, Fill fill)
    {
        var buffer = new byte[4096];
        BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(16), Head);
        BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(20), targetCount);
        fill(buffer.AsSpan(Head));
        return new DmReply(buffer);
    }

    private static int Target(
        Span<byte> payload, int at, ulong start, ulong length, string type, string text, int next)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(payload[at..], start);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[(at + 8)..], length);
        BinaryPrimitives.WriteInt32LittleEndian(payload[(at + 20)..], next);
        Encoding.UTF8.GetBytes(type, payload[(at + 24)..]);
        Encoding.UTF8.GetBytes(text, payload[(at + 40)..]);
        return next;
    }

    private static void Device(
        Span<byte> payload, int at, ulong number, string name, uint events, string? uuid, int next)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(payload[at..], number);
        BinaryPrimitives.WriteInt32LittleEndian(payload[(at + 8)..], next);
        var tail = at + (12 + Encoding.UTF8.GetBytes(name, payload[(at + 12)..]) + 1 + 7) / 8 * 8;
        BinaryPrimitives.WriteUInt32LittleEndian(payload[tail..], events);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[(tail + 4)..], uuid is null ? 2u : 1u);
        Encoding.UTF8.GetBytes(uuid ?? "", payload[(tail + 8)..]);
    }

    private static void Version(Span<byte> payload, int at, string name, (int, int, int) version, int next)
    {
        BinaryPrimitives.WriteInt32LittleEndian(payload[at..], next);
        BinaryPrimitives.WriteInt32LittleEndian(payload[(at + 4)..], version.Item1);
        BinaryPrimitives.WriteInt32LittleEndian(payload[(at + 8)..], version.Item2);
        BinaryPrimitives.WriteInt32LittleEndian(payload[(at + 12)..], version.Item3);
        Encoding.UTF8.GetBytes(name, payload[(at + 16)..]);
    }
}
