using DmAgents.Domain.Fleet;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>What is sent, and what is refused.</summary>
public sealed class TransferTests
{
    private readonly Histories _world = new(5);

    private Histories World => _world;

    [Theory]
    [InlineData(512, 8192)]
    [InlineData(8192, 512)]
    [InlineData(4096, 4096)]
    [InlineData(16384, 1024)]
    public void Blocks_of_any_sizes_on_the_two_sides_give_the_same_bytes(int sender, int receiver)
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var world = new Histories(seed, sender, receiver);
            var run = Start(world, [world.Grandparent]).Run();
            Assert.True(run.Receiver.IsCommitted, run.Abandoned ?? string.Join("; ", run.Faults));
            Assert.Equal(world.Content, world.Receiver.Layers[world.Layer.Digest].Content);
        }
    }

    [Fact]
    public void The_nearest_common_ancestor_is_the_base()
    {
        World.Receiver.Add(World.ParentCopy);
        Assert.Equal(World.Parent.Digest, HeaderOf(Start(World, [World.Parent, World.Grandparent])).Base);
        Assert.Equal(World.Grandparent.Digest, HeaderOf(Start(new Histories(5), [World.Grandparent])).Base);
        Assert.Null(HeaderOf(Start(new Histories(5), [])).Base);
    }

    [Fact]
    public void Against_a_base_the_changed_blocks_are_sent_and_without_one_the_pieces_that_are_not_zeros()
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            var world = new Histories(seed);
            var run = Start(world, [world.Grandparent]).Run();
            var changed = world.Sender.Layers[world.Layer.Digest].ChangedSince(
                world.Sender.Layers[world.Grandparent.Digest]);
            Assert.InRange(run.DataBytes + run.ZeroBytes, 0, changed.Count * 1024L);
            var blank = new Histories(seed);
            run = Start(blank, []).Run();
            Assert.InRange(run.DataBytes + run.ZeroBytes, 0, blank.Layer.Pieces.Length * (long)Histories.Pieces.Bytes);
            Assert.Equal(blank.Content, blank.Receiver.Layers[blank.Layer.Digest].Content);
        }
    }

    [Fact]
    public void A_layer_that_equals_its_base_costs_no_data()
    {
        var again = World.Sender.Layers[World.Grandparent.Digest].Snapshot();
        var map = World.Sender.Add(again);
        var run = Start(World, [World.Grandparent], map).Run();
        Assert.True(run.Receiver.IsCommitted);
        Assert.Equal(0, run.DataBytes + run.ZeroBytes);
    }

    [Fact]
    public void What_became_zeros_is_zeros_on_the_other_side_and_no_data_is_sent_for_it()
    {
        var thin = World.Sender.Layers[World.Grandparent.Digest].Snapshot();
        thin.Write(0, Records.Noise(4096 * 13));
        var full = World.Sender.Add(thin);
        World.Receiver.Add(thin.Snapshot());
        var emptied = thin.Snapshot();
        emptied.Zero(0, 4096 * 12);
        var run = Start(World, [full], World.Sender.Add(emptied)).Run();
        Assert.True(run.Receiver.IsCommitted);
        Assert.Equal(0, run.DataBytes);
        Assert.Single(run.Answers.OfType<TransferRecords.ZeroPieces>());
        Assert.Equal(
            emptied.Content, World.Receiver.Layers[emptied.Map(Histories.Pieces).Digest].Content);
    }

    [Fact]
    public void A_slow_receiver_stops_the_senders_reading()
    {
        var world = new Histories(3, pieces: 200);
        world.Sender.Layers[world.Layer.Digest].Write(0, Records.Noise(4096 * 190));
        var layer = world.Sender.Add(world.Sender.Layers[world.Layer.Digest]);
        var run = Start(world, [], layer, settings => settings with { AskAtOnce = 1000 });
        run.Run();
        Assert.True(run.Receiver.IsCommitted);
        // Two pieces are in memory, each a chunk and an end; or some records of a map.
        Assert.InRange(run.MostOnTheWay, 2, 6);
    }

    [Fact]
    public void A_block_that_rotted_on_the_senders_disk_is_found_and_not_taken_and_another_source_is()
    {
        var run = Start(World, [World.Grandparent]);
        RotLayer();
        var healthy = new Histories(5).Sender;
        run.Before = () =>
        {
            if (run.Faults.Count == 1)
                run.Source(healthy);
        };
        run.Run();
        Assert.True(run.Receiver.IsCommitted);
        Assert.Equal(World.Content, World.Receiver.Layers[World.Layer.Digest].Content);
    }

    [Fact]
    public void With_no_source_but_a_damaged_one_the_layer_is_never_committed()
    {
        RotLayer();
        var run = Start(World, []).Run();
        Assert.False(run.Receiver.IsCommitted);
        Assert.All(run.Faults, fault => Assert.Contains("the copy is damaged", fault, StringComparison.Ordinal));
        Assert.NotEmpty(run.Faults);
    }

    [Fact]
    public void A_base_that_rotted_on_the_receivers_disk_costs_the_piece_whole_and_no_more()
    {
        var partly = PartlyChanged();
        World.Receiver.Layers[partly.Base.Digest].Rot(4096 - 512);
        var run = Start(World, [partly.Base], partly.Layer).Run();
        Assert.True(run.Receiver.IsCommitted, run.Abandoned ?? string.Join("; ", run.Faults));
        Assert.Equal(
            World.Sender.Layers[partly.Layer.Digest].Content, World.Receiver.Layers[partly.Layer.Digest].Content);
        Assert.Equal(2, run.PiecesSent.Count(piece => piece == 0));
    }

    [Fact]
    public void A_base_that_rotted_elsewhere_is_found_where_all_is_read_back_and_nothing_is_left()
    {
        var partly = PartlyChanged();
        World.Receiver.Layers[partly.Base.Digest].Rot(4096 * 3);
        var run = Start(World, [partly.Base], partly.Layer, settings => settings with { ReadsAllBack = true }).Run();
        Assert.False(run.Receiver.IsCommitted);
        Assert.Contains("the disk gives something else", run.Abandoned, StringComparison.Ordinal);
        Assert.True(World.Receiver.IsEmptyOfReceptions);
    }

    [Fact]
    public void A_disk_that_gives_other_bytes_than_were_written_is_found_before_the_commit_and_nothing_is_left()
    {
        var run = Start(World, []);
        var before = run.Receiver;
        run.Before = () =>
        {
            if (run.Receiver.Progress is var (verified, changed) && changed > 0 && verified == changed)
                World.Receiver.Target?.Now.Write((long)World.Layer.Pieces[0].Index * 4096, new byte[4096]);
        };
        run.Run();
        Assert.False(run.Receiver.IsCommitted);
        Assert.Contains("the disk gives something else", run.Abandoned, StringComparison.Ordinal);
        Assert.True(World.Receiver.IsEmptyOfReceptions);
        Assert.Same(before, run.Receiver);
    }

    [Fact]
    public void A_full_receiver_says_so_and_leaves_nothing()
    {
        var run = Start(World, [World.Grandparent]);
        run.Before = () =>
        {
            if (World.Receiver.Target is { } target)
                target.Refuses = new KernelError(KernelFault.NoSpace, 28, "write", "the target");
        };
        run.Run();
        Assert.Contains("NoSpace (errno 28)", run.Abandoned, StringComparison.Ordinal);
        Assert.True(World.Receiver.IsEmptyOfReceptions);
    }

    public static TheoryData<string, string> WrongAnswers => new()
    {
        { "fleet", "it is of fleet" },
        { "receiver", "its answer is for the pool" },
        { "content", "it offers the content" },
        { "piece size", "its pieces have 8192 bytes" },
        { "device", "is longer than" },
        { "changed", "it names more pieces than the device has" },
        { "base", "which was not offered" },
        { "shorter than its base", "is shorter than that of its base" },
        { "hash", "its map has the digest" },
        { "order", "its map does not ascend" },
        { "beyond", "its map has pieces beyond the device" },
        { "zeros", "says of zeros that they became zeros" },
        { "more", "its map has more pieces than it said" },
        { "fewer", "its map has" },
        { "early data", "within a map" },
        { "refusal", "it refuses (UnknownLayer)" },
    };

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public void A_source_that_answers_wrongly_is_refused_by_name_before_anything_is_made(string what, string reason)
    {
        var run = Start(World, [World.Grandparent]);
        var header = (TransferRecords.Header)null!;
        run.OnTheWay = record =>
        {
            header = record as TransferRecords.Header ?? header;
            return (what, record) switch
            {
                ("fleet", TransferRecords.Header h) =>
                    h with { Sender = h.Sender with { Fleet = new FleetId(Guid.Empty) } },
                ("receiver", TransferRecords.Header h) => h with { Receiver = h.Sender },
                ("content", TransferRecords.Header h) => h with { Content = Records.Content(9) },
                ("piece size", TransferRecords.Header h) => h with { PieceSize = new PieceSize(8192) },
                ("device", TransferRecords.Header h) =>
                    h with { Shape = h.Shape with { DeviceSize = ByteSize.TiB(1) } },
                ("changed", TransferRecords.Header h) => h with { Changed = 1000 },
                ("base", TransferRecords.Header h) => h with { Base = Records.Content(9) },
                ("shorter than its base", TransferRecords.Header h) =>
                    h with { Changed = 1, Shape = h.Shape with { DeviceSize = ByteSize.KiB(48) } },
                ("hash", TransferRecords.Hashes h) =>
                    h with { Pieces = [.. h.Pieces.Skip(1), new PieceHash(Records.Bytes(32, 7))] },
                ("order", not TransferRecords.Header) => new TransferRecords.Hashes(0, []),
                ("beyond", not TransferRecords.Header) => new TransferRecords.ZeroPieces(new PieceRange(1UL << 40, 1)),
                ("zeros", not TransferRecords.Header) => new TransferRecords.ZeroPieces(new PieceRange(ZeroPiece, 1)),
                ("more", TransferRecords.Header h) => h with { Changed = 1 },
                ("fewer", not TransferRecords.Header) => new TransferRecords.MapEnd(header.Changed),
                ("early data", not TransferRecords.Header) => new TransferRecords.PieceEnd(0),
                ("refusal", _) => new TransferRecords.Refused(TransferRefusal.UnknownLayer, "not here"),
                _ => record,
            };
        };
        run.Run();
        Assert.Contains(reason, run.Faults[0], StringComparison.Ordinal);
        Assert.True(World.Receiver.IsEmptyOfReceptions);
        Assert.Null(run.Abandoned);
        // Another source is as welcome as before.
        run.OnTheWay = record => record;
        run.Faults.Clear();
        run.Run();
        Assert.True(run.Receiver.IsCommitted);
    }

    public static TheoryData<string, string> WrongPieces => new()
    {
        { "other piece", "was not asked for, or came already" },
        { "unended", "was not ended" },
        { "backwards", "do not lie behind what came" },
        { "odd", "are no whole sectors" },
        { "counts", "were sent" },
        { "left out", "pieces were asked for" },
        { "end of another", "it ends with the content" },
        { "header again", "that was not asked for" },
    };

    [Theory]
    [MemberData(nameof(WrongPieces))]
    public void A_source_that_sends_wrong_pieces_is_refused_by_name_and_another_goes_on(string what, string reason)
    {
        var run = Start(World, []);
        var last = (TransferRecord)null!;
        run.OnTheWay = record =>
        {
            var before = last;
            last = record;
            return (what, record) switch
            {
                ("other piece", TransferRecords.Data)
                    when before is not (TransferRecords.Zeros or TransferRecords.Data) =>
                    new TransferRecords.Data(ByteSize.GiB(1), new byte[512]),
                ("unended", TransferRecords.PieceEnd end) => new TransferRecords.PieceEnd(end.Piece + 1),
                ("backwards", TransferRecords.PieceEnd) when before is TransferRecords.Data => before,
                ("odd", TransferRecords.Data data) => data with { Bytes = data.Bytes[..100] },
                ("counts", TransferRecords.End end) => end with { DataBytes = end.DataBytes + 1 },
                ("left out", TransferRecords.End end) => end with { Missing = end.Missing + 1 },
                ("end of another", TransferRecords.End end) => end with { Content = Records.Content(9) },
                ("header again", TransferRecords.Data) => new TransferRecords.MapEnd(0),
                _ => record,
            };
        };
        run.Before = () =>
        {
            if (run.Faults.Count > 0)
                run.OnTheWay = record => record;
        };
        run.Run();
        Assert.Contains(reason, Assert.Single(run.Faults), StringComparison.Ordinal);
        Assert.True(run.Receiver.IsCommitted);
        Assert.Equal(World.Content, World.Receiver.Layers[World.Layer.Digest].Content);
    }

    /// <summary>Of the grandparent.</summary>
    private ulong ZeroPiece => Enumerable.Range(0, (int)World.Grandparent.PieceCount)
        .Select(piece => (ulong)piece).First(piece => World.Grandparent[piece].IsZero);

    /// <summary>A bit of a changed block flips on the sender's disk.</summary>
    private void RotLayer()
    {
        var layer = World.Sender.Layers[World.Layer.Digest];
        var pieces = PieceSet.Of(World.Layer.ChangedSince(World.Grandparent)
            .Where(piece => !piece.Hash.IsZero).Select(piece => piece.Index));
        var changed = layer.ChangedSince(World.Sender.Layers[World.Grandparent.Digest]).Intersect(layer.Mapped);
        layer.Rot((long)changed.First(block => pieces.Contains(block.Start.Bytes / 4096)).Start.Bytes);
    }

    /// <summary>A base in both pools, and a layer of which a block in piece 0 is another.</summary>
    private (ContentMap Base, ContentMap Layer) PartlyChanged()
    {
        var (mine, theirs) = (World.Sender.Blank(14 * 4096), World.Receiver.Blank(14 * 4096));
        mine.Write(0, Records.Noise(6 * 4096));
        theirs.Write(0, Records.Noise(6 * 4096));
        World.Receiver.Add(theirs);
        var layer = mine.Snapshot();
        layer.Write(1024, Records.Bytes(1024, 1));
        return (World.Sender.Add(mine), World.Sender.Add(layer));
    }

    private static TransferRecords.Header HeaderOf(TransferRun run) =>
        run.Run().Answers.OfType<TransferRecords.Header>().First();

    private static TransferRun Start(
        Histories world, ContentMap[] ancestors, ContentMap? layer = null,
        Func<ReceiverSettings, ReceiverSettings>? with = null) => new(
        world.Sender, world.Receiver, world.Random, TransferRun.RequestFor(layer ?? world.Layer, ancestors),
        (with ?? (settings => settings))(TransferRun.SettingsFor(world.Receiver)));
}
