using System.Buffers.Binary;
using CsCheck;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Wire;

/// <summary>Bytes of a peer that errs, or means harm: refused by name, and nothing is allocated by what it claims.
/// </summary>
public sealed class HostileStreamTests
{
    [Fact]
    public async Task Records_are_read_whole_however_few_bytes_come_at_once()
    {
        foreach (var side in Enum.GetValues<WireSide>())
        {
            TransferRecord[] records =
            [
                .. Records.All.Select(record => record.Record).Where(record => Records.SideOf(record) == side),
            ];
            using var reader = new RecordReader(new DrippingStream(await Records.WriteAsync(records), 7), side);
            foreach (var record in records)
                Assert.Equal(Records.Text(record), Records.Text((await reader.ReadAsync(CancellationToken.None))!));
            Assert.Null(await reader.ReadAsync(CancellationToken.None));
        }
    }

    [Fact]
    public async Task A_stream_that_ends_within_a_record_is_cut_off_wherever_it_ends()
    {
        foreach (var (_, record) in Records.All)
        {
            var bytes = await Records.WriteAsync(record);
            for (var length = 1; length < bytes.Length; length++)
                await MustFail(WireFault.CutOff, bytes[..length], Records.SideOf(record));
        }
    }

    [Fact]
    public async Task Bytes_behind_a_records_fields_are_refused()
    {
        foreach (var (_, record) in Records.All.Where(record => record.Record is not TransferRecords.Data))
        {
            byte[] bytes = [.. await Records.WriteAsync(record), 0];
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), bytes.Length - 5);
            var fault = await MustFail(WireFault.TrailingBytes, bytes, Records.SideOf(record));
            Assert.Contains("1 bytes follow its last field", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_length_beyond_its_records_limit_is_refused_before_its_bytes_are_read()
    {
        foreach (var (_, record) in Records.All)
        {
            var bytes = (await Records.WriteAsync(record))[..5];
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), uint.MaxValue);
            await MustFail(WireFault.BadLength, bytes, Records.SideOf(record));
        }
    }

    [Fact]
    public async Task A_record_of_an_unknown_type_is_refused_by_its_number()
    {
        var fault = await MustFail(WireFault.UnexpectedRecord, [99, 0, 0, 0, 0], WireSide.Sender);
        Assert.Equal("a record of unknown type 99", fault.Message);
    }

    [Fact]
    public async Task A_record_of_the_other_side_is_refused_by_its_name()
    {
        foreach (var (_, record) in Records.All)
        {
            var other = Records.SideOf(record) == WireSide.Sender ? WireSide.Receiver : WireSide.Sender;
            var fault = await MustFail(WireFault.UnexpectedRecord, await Records.WriteAsync(record), other);
            Assert.Contains("this side does not send", fault.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    // In turn: the number of hashes, of ancestors, of ranges; the length of a chunk; each beyond its limit.
    [InlineData("hashes", 13, WireFault.BadLength)]
    [InlineData("ask", 166, WireFault.BadLength)]
    [InlineData("ask-pieces", 6, WireFault.BadLength)]
    [InlineData("data that does not compress", 13, WireFault.BadLength)]
    public async Task A_number_of_things_beyond_its_limit_is_refused(string name, int at, WireFault expected)
    {
        var record = Records.All.Single(record => record.Name == name).Record;
        var bytes = await Records.WriteAsync(record);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), 0x7fffffff);
        await MustFail(expected, bytes, Records.SideOf(record));
    }

    [Fact]
    public async Task More_things_than_there_are_bytes_are_refused()
    {
        var bytes = await Records.WriteAsync(new TransferRecords.Hashes(5, [new PieceHash(Records.Bytes(32, 1))]));
        bytes[13] = 200;
        await MustFail(WireFault.CutOff, bytes, WireSide.Sender);
    }

    [Fact]
    public async Task Any_change_to_a_chunks_bytes_is_found()
    {
        foreach (var content in new[] { Records.Noise(1000), Records.Bytes(1000, 3) })
        {
            var bytes = await Records.WriteAsync(new TransferRecords.Data(ByteSize.Zero, content));
            for (var i = 18; i < bytes.Length; i++)
            {
                bytes[i] ^= 1;
                await Assert.ThrowsAsync<WireException>(() => ReadAsync(bytes, WireSide.Sender));
                bytes[i] ^= 1;
            }
        }
    }

    [Fact]
    public async Task A_compressed_chunk_that_stands_for_more_than_it_says_is_refused()
    {
        var bytes = await Records.WriteAsync(new TransferRecords.Data(ByteSize.Zero, new byte[WireLimits.Chunk]));
        Assert.True(bytes.Length < 1000);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(13), WireLimits.Chunk / 2);
        await MustFail(WireFault.Damaged, bytes, WireSide.Sender);
    }

    [Fact]
    public void Whatever_comes_is_a_record_or_refused_by_name() =>
        Gen.Select(Gen.Int[0, Records.All.Count - 1], Gen.Select(Gen.Int[0, 400], Gen.Byte).Array[1, 4]).Sample(
            (which, changes) =>
            {
                var record = Records.All[which].Record;
                var bytes = Records.WriteAsync(record).GetAwaiter().GetResult();
                foreach (var (at, value) in changes)
                    bytes[at % bytes.Length] = value;
                try
                {
                    ReadAsync(bytes, Records.SideOf(record)).GetAwaiter().GetResult();
                }
                catch (WireException e)
                {
                    Assert.NotEmpty(e.Message);
                }
            },
            iter: 20000);

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", WireFault.NotThisProtocol, "does not speak the protocol")]
    [InlineData("DMBLOCKS\u0002\0\0\0\0\0\0\0", WireFault.OtherVersion, "version 2 of transfers, this agent 1")]
    [InlineData("DMBLOCKS\u0001\0\u0001\0\0\0\0\0", WireFault.NotThisProtocol, "more than its version")]
    [InlineData("DMBLOC", WireFault.CutOff, "ended after 6 bytes")]
    [InlineData("", WireFault.CutOff, "ended after 0 bytes")]
    public async Task A_peer_that_speaks_something_else_is_refused_by_what_it_said(
        string greeting, WireFault fault, string reason)
    {
        var refused = await Assert.ThrowsAsync<WireException>(() => WireGreeting.ReadAsync(
            new DrippingStream(System.Text.Encoding.ASCII.GetBytes(greeting), 3), CancellationToken.None).AsTask());
        Assert.Equal(fault, refused.Fault);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    private static async Task<WireException> MustFail(WireFault expected, byte[] bytes, WireSide side)
    {
        var fault = await Assert.ThrowsAsync<WireException>(() => ReadAsync(bytes, side));
        Assert.True(expected == fault.Fault, $"{fault.Fault}: {fault.Message}");
        return fault;
    }

    private static async Task ReadAsync(byte[] bytes, WireSide side)
    {
        using var reader = new RecordReader(new MemoryStream(bytes), side);
        while (await reader.ReadAsync(CancellationToken.None) is not null)
        {
        }
    }
}
