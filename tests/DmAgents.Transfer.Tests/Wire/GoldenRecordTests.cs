using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Wire;

/// <summary>Hosts of different versions meet in a fleet: bytes that a release has sent keep their meaning.</summary>
public sealed class GoldenRecordTests
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Wire", "Golden.txt");

    public static TheoryData<string> Names => [.. Records.All.Select(record => record.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_record_has_the_bytes_that_it_always_had(string name)
    {
        var record = Records.All.Single(record => record.Name == name).Record;
        Assert.Equal(Bytes(name), Convert.ToHexStringLower(await Records.WriteAsync(record)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Bytes_of_a_record_are_read_as_what_they_always_were(string name)
    {
        var record = Records.All.Single(record => record.Name == name).Record;
        using var reader = new RecordReader(
            new MemoryStream(Convert.FromHexString(Bytes(name))), Records.SideOf(record));
        Assert.Equal(Records.Text(record), Records.Text((await reader.ReadAsync(CancellationToken.None))!));
        Assert.Null(await reader.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_compressed_chunk_is_read_as_what_it_always_was()
    {
        // Compressors of other versions write other bytes: only reading is held.
        using var reader = new RecordReader(
            new MemoryStream(Convert.FromHexString(Bytes("data by zstd"))), WireSide.Sender);
        var data = Assert.IsType<TransferRecords.Data>(await reader.ReadAsync(CancellationToken.None));
        Assert.Equal(Records.Bytes(4096, 0x5a), data.Bytes.ToArray());
    }

    [Fact]
    public async Task The_greeting_has_the_bytes_that_it_always_had()
    {
        using var stream = new MemoryStream();
        await WireGreeting.WriteAsync(stream, CancellationToken.None);
        Assert.Equal(Bytes("greeting"), Convert.ToHexStringLower(stream.ToArray()));
    }

    private static string Bytes(string name)
    {
        var start = name + ": ";
        return File.ReadLines(Golden).Single(line => line.StartsWith(start, StringComparison.Ordinal))[start.Length..];
    }
}
