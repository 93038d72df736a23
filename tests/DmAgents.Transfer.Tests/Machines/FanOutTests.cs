using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>A host that still receives a layer serves what it has verified of it.</summary>
public sealed class FanOutTests
{
    [Fact]
    public void A_relay_serves_the_pieces_that_it_has_while_it_receives_and_each_leaves_the_first_host_once()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var world = new Histories(seed);
            var first = Run(world.Sender, world.Receiver, world);
            world.Receiver.Receiving = () => first.Receiver.Served;
            var last = new MemoryPool(Records.Here, 4096, Histories.Pieces);
            // Its clock is wound on whenever it waits, however little the other one did meanwhile.
            var second = new TransferRun(
                world.Receiver, last, world.Random, TransferRun.RequestFor(world.Layer),
                TransferRun.SettingsFor(last) with { NothingNewFor = TimeSpan.FromDays(1) });
            // The relay has nothing before it has a target; then each of them has its turns.
            while (first.Receiver.Served is null && first.StepOnce())
            {
            }
            while (!first.Receiver.IsOver || !second.Receiver.IsOver)
            {
                Assert.True(first.StepOnce() | second.StepOnce());
                Assert.Empty(second.Faults);
            }
            Assert.Equal(world.Content, last.Layers[world.Layer.Digest].Content);
            Assert.Equal(first.PiecesSent.Distinct().Count(), first.PiecesSent.Count);
            Assert.Equal(second.PiecesSent.Distinct().Count(), second.PiecesSent.Count);
        }
    }

    [Fact]
    public void What_a_relay_does_not_have_yet_is_missing_and_asked_for_again()
    {
        var world = new Histories(4);
        var first = Run(world.Sender, world.Receiver, world);
        world.Receiver.Receiving = () => first.Receiver.Served;
        while (first.Receiver.Progress.Verified < 2)
            Assert.True(first.StepOnce());
        var last = new MemoryPool(Records.Here, 4096, Histories.Pieces);
        var second = Run(world.Receiver, last, world);
        for (var steps = 0; steps < 400; steps++)
            second.StepOnce();
        Assert.False(second.Receiver.IsOver);
        Assert.Equal(first.Receiver.Progress.Verified, second.Receiver.Progress.Verified);
        Assert.Contains(second.Answers.OfType<TransferRecords.End>(), end => end.Pieces == 0 && end.Missing > 0);
        first.Run();
        second.Run();
        Assert.Equal(world.Content, last.Layers[world.Layer.Digest].Content);
    }

    [Fact]
    public void A_relay_that_has_nothing_new_for_long_is_left_for_another_source()
    {
        var world = new Histories(4);
        var first = Run(world.Sender, world.Receiver, world);
        world.Receiver.Receiving = () => first.Receiver.Served;
        while (first.Receiver.Progress.Verified < 2)
            Assert.True(first.StepOnce());
        var last = new MemoryPool(Records.Here, 4096, Histories.Pieces);
        var second = Run(world.Receiver, last, world);
        second.Before = () =>
        {
            if (second.Faults.Count > 0)
                second.Source(world.Sender);
        };
        second.Run();
        Assert.Contains("nothing that is missing here", Assert.Single(second.Faults), StringComparison.Ordinal);
        Assert.Equal(world.Content, last.Layers[world.Layer.Digest].Content);
    }

    [Fact]
    public void Receivers_begin_at_different_pieces_and_come_round()
    {
        var world = new Histories(4);
        var run = Run(world.Sender, world.Receiver, world, firstPart: 0.5);
        run.Run();
        var middle = run.PiecesSent.Order().ElementAt(run.PiecesSent.Count / 2);
        Assert.Equal(middle, run.PiecesSent[0]);
        Assert.True(run.PiecesSent[^1] < middle);
        Assert.Equal(world.Content, world.Receiver.Layers[world.Layer.Digest].Content);
    }

    private static TransferRun Run(MemoryPool from, MemoryPool to, Histories world, double firstPart = 0) => new(
        from, to, world.Random, TransferRun.RequestFor(world.Layer),
        TransferRun.SettingsFor(to) with { FirstPart = firstPart });
}
