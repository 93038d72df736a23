using System.Threading.Channels;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Pacing;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Connections;

public sealed class SourceConnectionTests
{
    [Fact]
    public async Task A_record_that_comes_after_a_reception_failed_is_dropped_and_hides_no_fault()
    {
        var inbox = Channel.CreateUnbounded<ReceiverInput>();
        var (theirs, mine) = DuplexStream.Pair(holds: 1);
        var source = SourceConnection.Start(1, mine, inbox.Writer, new ConnectionSettings(), new ManualTime());
        inbox.Writer.Complete(new InvalidOperationException("a fault of the program"));
        await WireGreeting.WriteAsync(theirs, CancellationToken.None);
        using var writer = new RecordWriter(theirs);
        // It is written when the other end has read it.
        await writer.WriteAsync(new TransferRecords.KeepAlive(), CancellationToken.None);
        await source.DisposeAsync();
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => inbox.Reader.Completion);
        Assert.Equal("a fault of the program", fault.Message);
    }
}
