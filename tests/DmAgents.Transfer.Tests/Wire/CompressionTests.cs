using DmAgents.Domain.Units;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Wire;

public sealed class CompressionTests
{
    [Fact]
    public async Task A_chunk_that_becomes_smaller_is_compressed_and_another_is_not()
    {
        var small = await Records.WriteAsync(new TransferRecords.Data(ByteSize.Zero, Records.Bytes(100_000, 5)));
        Assert.True(small.Length < 1000, $"{small.Length} bytes");
        var noise = await Records.WriteAsync(new TransferRecords.Data(ByteSize.Zero, Records.Noise(100_000)));
        Assert.InRange(noise.Length, 100_000, 100_040);
    }

    [Fact]
    public void What_is_not_compressed_takes_neither_context_nor_buffer()
    {
        // The first one loads the library's tables.
        new ChunkFormat().Dispose();
        var before = GC.GetAllocatedBytesForCurrentThread();
        new ChunkFormat().Dispose();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);
    }

    [Fact]
    public void After_chunks_that_did_not_become_smaller_some_are_left_out_the_more_the_longer()
    {
        var choice = new CompressionChoice();
        var tried = new List<int>();
        for (var chunk = 0; chunk < 300; chunk++)
        {
            if (choice.IsWorthTrying)
            {
                tried.Add(chunk);
                choice.Tried(1000, 999);
            }
        }
        Assert.Equal([0, 2, 5, 10, 19, 36, 69, 134, 199, 264], tried);
    }

    [Fact]
    public void A_chunk_that_becomes_smaller_ends_the_leaving_out()
    {
        var choice = new CompressionChoice();
        choice.Tried(1000, 1000);
        choice.Tried(1000, 1000);
        Assert.False(choice.IsWorthTrying);
        Assert.False(choice.IsWorthTrying);
        Assert.True(choice.IsWorthTrying);
        choice.Tried(1000, 900);
        Assert.True(choice.IsWorthTrying);
        choice.Tried(1000, 1000);
        Assert.False(choice.IsWorthTrying);
        Assert.True(choice.IsWorthTrying);
    }
}
