using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Support;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>The machines that ship, killed between any two steps, on either side: the layer is whole in the end or
/// nothing is left, and what was noted as verified is not sent again.</summary>
public sealed class CrashPointTests
{
    private const int Seeds = 12;

    public static TheoryData<int> AllSeeds => [.. Enumerable.Range(1, Seeds)];

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void A_power_cut_of_the_receiver_costs_what_was_not_noted_and_nothing_else(int seed) =>
        AtEveryStep(seed, (world, run) =>
        {
            var sent = run.PiecesSent.Count;
            run.CutReceiversPower();
            if (world.Receiver.KeptProgress is null)
                return;
            Assert.True(ReceivingProgressFile.TryRead(world.Receiver.KeptProgress, out var kept, out _));
            MustEndWhole(world, run);
            Assert.DoesNotContain(run.PiecesSent[sent..], kept.Verified.Contains);
        });

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void A_stop_of_the_receiver_keeps_what_was_noted_and_leaves_no_job_behind(int seed) =>
        AtEveryStep(seed, (world, run) =>
        {
            var sent = run.PiecesSent.Count;
            run.StopReceiver();
            var kept = world.Receiver.Kept()?.Progress.Verified ?? PieceSet.Empty;
            MustEndWhole(world, run);
            Assert.DoesNotContain(run.PiecesSent[sent..], kept.Contains);
        });

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void A_broken_connection_or_a_dead_sender_costs_the_pieces_that_were_on_the_way(int seed) =>
        AtEveryStep(seed, (world, run) =>
        {
            var sent = run.PiecesSent.Count;
            var missing = run.Receiver.Served?.Missing;
            run.Cut();
            MustEndWhole(world, run);
            if (missing is not null)
                Assert.All(run.PiecesSent[sent..], piece => Assert.True(missing.Contains(piece)));
        });

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void Two_ends_of_either_side_leave_a_whole_layer(int seed) =>
        AtEveryStep(seed, (world, run) =>
        {
            run.CutReceiversPower();
            for (var steps = world.Random.Next(30); steps > 0 && run.StepOnce(); steps--)
            {
            }
            if (world.Random.Next(2) == 0)
                run.Cut();
            else
                run.CutReceiversPower();
        });

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void A_layer_that_is_given_up_leaves_nothing_or_is_there_whole(int seed) =>
        AtEveryStep(seed, (world, run) =>
        {
            run.Tell(new ReceiverInput.Cancel("not wanted"));
            run.Run();
            Assert.True(run.Receiver.IsOver);
            Assert.True(world.Receiver.IsEmptyOfReceptions);
            Assert.Equal(run.Receiver.IsCommitted, world.Receiver.Layers.ContainsKey(world.Layer.Digest));
            Assert.NotEqual(run.Receiver.IsCommitted, run.Abandoned == "not wanted");
        }, endsWhole: false);

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void A_target_that_is_gone_after_a_crash_is_made_and_filled_anew(int seed) =>
        AtEveryStep(seed, (world, run) =>
        {
            world.Receiver.LoseTarget();
            run.CutReceiversPower();
        });

    [Theory]
    [MemberData(nameof(AllSeeds))]
    public void Other_hosts_with_other_blocks_and_ancestors_go_on_where_one_ended(int seed) =>
        AtEveryStep(seed, (world, run) =>
        {
            // It has the layer alone, as blocks of its own, and no ancestor of it.
            var other = new MemoryPool(world.Sender.Identity, 512, Histories.Pieces);
            var copy = other.Blank(world.Content.Length);
            copy.Write(0, world.Content);
            other.Add(copy);
            run.Source(other);
            run.Cut();
        });

    /// <summary>Runs to each step, does something, and goes on.</summary>
    private static void AtEveryStep(int seed, Action<Histories, TransferRun> what, bool endsWhole = true)
    {
        var steps = 1;
        for (var step = 0; step <= steps; step++)
        {
            var world = new Histories(seed);
            var ancestors = new List<ContentMap> { world.Grandparent };
            if (seed % 3 == 0)
                world.Receiver.Add(world.ParentCopy);
            if (seed % 3 == 0)
                ancestors.Insert(0, world.Parent);
            if (seed % 3 == 1)
                ancestors.Clear();
            var run = new TransferRun(
                world.Sender, world.Receiver, world.Random, TransferRun.RequestFor(world.Layer, [.. ancestors]),
                TransferRun.SettingsFor(world.Receiver));
            for (var i = 0; i < step && run.StepOnce(); i++)
            {
            }
            // How many steps there are shows when they end.
            if (run.Receiver.IsOver)
                break;
            steps = step + 1;
            what(world, run);
            if (endsWhole)
                MustEndWhole(world, run);
        }
        Assert.True(steps > 4, $"only {steps} steps");
    }

    private static void MustEndWhole(Histories world, TransferRun run)
    {
        if (!world.Receiver.Layers.ContainsKey(world.Layer.Digest))
            run.Run();
        Assert.True(
            world.Receiver.Layers.TryGetValue(world.Layer.Digest, out var layer),
            run.Abandoned ?? string.Join("; ", run.Faults));
        Assert.True(layer.Content.AsSpan().SequenceEqual(world.Content));
        Assert.Equal(world.Layer.Digest, layer.Map(Histories.Pieces).Digest);
        Assert.True(world.Receiver.IsEmptyOfReceptions);
        Assert.Empty(run.Faults);
    }
}
