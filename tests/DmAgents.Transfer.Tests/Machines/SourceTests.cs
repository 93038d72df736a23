using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>How a receiver uses its source, input by input.</summary>
public sealed class SourceTests
{
    [Fact]
    public void A_source_that_sends_keep_alives_and_no_header_is_left_after_an_hour()
    {
        var receiver = Connected();
        Assert.Empty(receiver.Step(KeepAlive, TimeSpan.FromMinutes(59)));
        var left = Assert.IsType<ReceiverOutput.Disconnect>(
            Assert.Single(receiver.Step(KeepAlive, TimeSpan.FromMinutes(61))));
        Assert.Contains("no header for 60 minutes", left.Fault, StringComparison.Ordinal);
        Assert.True(receiver.NeedsSource);
    }

    private static ReceiverInput KeepAlive => new ReceiverInput.Received(1, new TransferRecords.KeepAlive());

    private static Receiver Connected()
    {
        var world = new Histories(5);
        var receiver = new Receiver(
            TransferRun.RequestFor(world.Layer), TransferRun.SettingsFor(world.Receiver));
        receiver.Step(new ReceiverInput.Start(), TimeSpan.Zero);
        receiver.Step(new ReceiverInput.Connected(1), TimeSpan.Zero);
        return receiver;
    }
}
