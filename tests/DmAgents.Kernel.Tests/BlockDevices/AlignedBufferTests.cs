using DmAgents.Kernel.BlockDevices;

namespace DmAgents.Kernel.Tests.BlockDevices;

public sealed class AlignedBufferTests
{
    [Fact]
    public void Many_calls_at_once_leave_16_buffers_at_most()
    {
        var taken = Enumerable.Range(0, 64).Select(_ => AlignedBuffers.Take()).ToList();

        Parallel.ForEach(taken, AlignedBuffers.Return);

        Assert.InRange(AlignedBuffers.Kept, 1, 16);
        var again = Enumerable.Range(0, AlignedBuffers.Kept).Select(_ => AlignedBuffers.Take()).ToList();
        Assert.Equal(0, AlignedBuffers.Kept);
        Assert.Subset(taken.ToHashSet(), again.ToHashSet());
    }
}
