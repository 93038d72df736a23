using DmAgents.Transfer.Pacing;

namespace DmAgents.Transfer.Tests.Pacing;

public sealed class ReadAheadTests
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 100).Select(each => (byte)each)];

    [Fact]
    public async Task What_is_there_is_taken_at_once_and_given_in_parts()
    {
        var inner = new CountedReads(Bytes);
        await using var stream = new ReadAheadStream(inner, length: 64);
        var read = new List<byte>();
        var part = new byte[10];
        for (int count; (count = await stream.ReadAsync(part)) > 0;)
            read.AddRange(part[..count]);
        Assert.Equal(Bytes, read);
        // 64 and 36 bytes, and the end.
        Assert.Equal(3, inner.Reads);
    }

    [Fact]
    public async Task A_read_that_is_longer_than_what_is_read_ahead_needs_no_copy()
    {
        var inner = new CountedReads(Bytes);
        await using var stream = new ReadAheadStream(inner, length: 64);
        var part = new byte[10];
        Assert.Equal(10, await stream.ReadAsync(part));
        var rest = new byte[100];
        // First what was read ahead, in its place.
        Assert.Equal(54, await stream.ReadAsync(rest));
        Assert.Equal(Bytes[10..64], rest[..54]);
        Assert.Equal(36, await stream.ReadAsync(rest));
        Assert.Equal(Bytes[64..], rest[..36]);
        Assert.Equal(2, inner.Reads);
    }

    [Fact]
    public async Task It_does_not_wait_for_more_than_has_come()
    {
        var pipe = new System.IO.Pipelines.Pipe();
        await using var stream = new ReadAheadStream(pipe.Reader.AsStream());
        await pipe.Writer.WriteAsync(Bytes);
        Assert.Equal(100, await stream.ReadAsync(new byte[1000]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_closes_the_inner_stream(bool synchronously)
    {
        var inner = new MemoryStream(Bytes);
        var stream = new ReadAheadStream(inner);
        if (synchronously)
            ((IDisposable)stream).Dispose();
        else
            await stream.DisposeAsync();
        Assert.False(inner.CanRead);
    }

    private sealed class CountedReads(byte[] bytes) : MemoryStream(bytes)
    {
        public int Reads { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reads++;
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
