using DmAgents.Images.Streams;

namespace DmAgents.Images.Tests.Layers;

public sealed class ReadAheadStreamTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData(9_000_001)]
    public void Everything_arrives_in_order_and_then_the_end(int size)
    {
        var content = new byte[size];
        new Random(1).NextBytes(content);
        using var ahead = new ReadAheadStream(new MemoryStream(content));
        using var arrived = new MemoryStream();

        ahead.CopyTo(arrived, 70_001);

        Assert.Equal(content, arrived.ToArray());
        Assert.Equal(0, ahead.Read(new byte[1]));
    }

    [Fact]
    public void A_failure_reaches_the_reader_in_its_place()
    {
        using var ahead = new ReadAheadStream(new FailingAfter(3 << 20));
        var read = 0;

        for (int count; read < 3 << 20; read += count)
            count = ahead.Read(new byte[1 << 20]);
        var failure = Assert.Throws<IOException>(() => { ahead.ReadExactly(new byte[1]); });

        Assert.Equal(("the disk is gone", 3 << 20), (failure.Message, read));
    }

    [Fact]
    public void One_that_is_given_up_in_the_middle_stops_reading()
    {
        var endless = new FailingAfter(long.MaxValue);
        using (var ahead = new ReadAheadStream(endless))
            Assert.Equal(10, ahead.Read(new byte[10]));
        var read = endless.Count;

        Assert.InRange(read, 1, 5 << 20);
        Assert.Equal(read, endless.Count);
    }

    private sealed class FailingAfter(long size) : ReadOnlyStream
    {
        public long Count { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            if (Count >= size)
                throw new IOException("the disk is gone");
            Count += buffer.Length;
            return buffer.Length;
        }
    }
}
