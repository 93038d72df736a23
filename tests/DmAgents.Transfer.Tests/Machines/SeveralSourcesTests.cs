using System.Collections.Immutable;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>Which of several sources is asked for what, input by input.</summary>
public sealed class SeveralSourcesTests
{
    private static readonly ByteSize Size = new(64 * 4096);
    private static readonly byte[] Content = Records.Noise((int)Size.Bytes);
    private static readonly ContentMap Map = MapOf(Content);
    private readonly Receiver _receiver = new(
        TransferRun.RequestFor(Map),
        new ReceiverSettings(Records.Here, Histories.Pieces, ByteSize.GiB(1)) { MaxSources = 3, AskAtOnce = 4 },
        new ReceivingProgress(Map.Digest, null, new LayerShape(Size, Records.Shape.FileSystem), PieceSet.Empty), Map);

    private readonly Dictionary<int, PieceSet> _asked = [];
    private readonly HashSet<int> _owed = [];
    private TimeSpan _now;

    public SeveralSourcesTests()
    {
        Step(new ReceiverInput.Start());
        Step(new ReceiverInput.TargetReady(IsThere: true, null));
    }

    [Fact]
    public void Two_sources_are_asked_for_different_pieces()
    {
        var (first, second) = (Connect(1), Connect(2));

        Assert.Equal(4UL, first.Count);
        Assert.True(first.Intersect(second).IsEmpty);
        Assert.True(_receiver.TakesSource);
        Connect(3);
        Assert.False(_receiver.TakesSource);
    }

    [Fact]
    public void What_a_broken_source_owed_is_asked_of_the_other_one()
    {
        var owed = Connect(1);
        Connect(2);

        Step(new ReceiverInput.Broken(1, "cut"));

        End(2);
        _now += TimeSpan.FromSeconds(1);
        var asked = AskedOf(Step(new ReceiverInput.Tick()));
        while (!owed.Without(asked).IsEmpty && asked.Count < 64)
        {
            End(2);
            _now += TimeSpan.FromSeconds(1);
            asked = asked.Union(AskedOf(Step(new ReceiverInput.Tick())));
        }
        Assert.True(owed.Without(asked).IsEmpty);
    }

    [Fact]
    public void A_source_that_has_all_is_not_asked_for_what_a_receiver_has()
    {
        Connect(1);
        Connect(2);
        Step(Received(2, new TransferRecords.Lacking([new PieceRange(0, 32)], [])));
        var ofReceiver = AskedOf(End(2));
        for (_now += TimeSpan.FromSeconds(1); ofReceiver.IsEmpty; _now += TimeSpan.FromSeconds(1))
            ofReceiver = AskedOf(Step(new ReceiverInput.Tick()));

        End(1);
        _now += TimeSpan.FromSeconds(1);
        var ofFirst = AskedOf(Step(new ReceiverInput.Tick()));

        Assert.True(ofFirst.Ranges[^1].End <= 32);
        Assert.True(ofReceiver.Ranges[0].Start >= 32);
    }

    [Fact]
    public void A_source_that_has_all_is_not_asked_for_what_is_about_to_arrive_at_a_receiver()
    {
        Connect(2, new TransferRecords.Lacking([new PieceRange(0, 64)], [new PieceRange(0, 40)]));

        var asked = Connect(1);

        Assert.False(asked.IsEmpty);
        Assert.True(asked.Ranges[0].Start >= 40);
    }

    [Fact]
    public void What_a_receiver_expects_and_does_not_get_is_asked_of_a_source_that_has_all()
    {
        var expected = new TransferRecords.Lacking([new PieceRange(0, 64)], [new PieceRange(0, 64)]);
        Connect(2, expected);
        Assert.True(Connect(1).IsEmpty);
        Assert.True(AskedOf(1, Poll(2, expected, after: 9)).IsEmpty);

        Assert.False(AskedOf(1, Poll(2, expected, after: 2)).IsEmpty);
    }

    [Fact]
    public void A_receiver_that_gets_pieces_far_more_slowly_is_not_waited_for()
    {
        Connect(1);
        Connect(2, Expected(lacksFrom: 0));
        _now += TimeSpan.FromSeconds(1);
        // Four pieces a second came from the source that has everything.
        var asked = AskedOf(1, BringAll(1));
        Assert.True(asked.IsEmpty);
        // Too early to say how fast the receiver is.
        asked = AskedOf(1, Poll(2, Expected(lacksFrom: 0), after: 1));
        Assert.True(asked.IsEmpty);

        asked = AskedOf(1, Poll(2, Expected(lacksFrom: 1), after: 4));

        Assert.False(asked.IsEmpty);

        static TransferRecords.Lacking Expected(ulong lacksFrom) =>
            new([new PieceRange(lacksFrom, 64 - lacksFrom)], [new PieceRange(0, 64)]);
    }

    [Fact]
    public void The_last_pieces_of_others_shares_are_left_to_them_once_and_not_before_each_request()
    {
        var layer = PieceSet.Empty.Add(new PieceRange(0, 64));
        var others = layer.Without(new PieceShares(Records.Here.Pool, 64).Of(layer, [Records.There.Pool]));
        Connect(2, new TransferRecords.Lacking([.. PieceSet.Of(others.Pieces.Take(3)).Ranges], []));
        Assert.True(Connect(1).IsEmpty);

        _now += TimeSpan.FromSeconds(2);
        var asked = AskedOf(1, Step(new ReceiverInput.Tick()));
        Assert.Equal(1UL, asked.Count);
        Assert.Equal(1UL, AskedOf(1, BringAll(1)).Count);
    }

    [Fact]
    public void A_source_that_repeats_what_it_lacks_in_place_of_its_header_is_dropped()
    {
        var lacking = new TransferRecords.Lacking([new PieceRange(0, 64)], []);
        Step(new ReceiverInput.Connected(1));
        Assert.Empty(Step(Received(1, lacking)).OfType<ReceiverOutput.Disconnect>());
        Assert.Contains("twice", Assert.Single(
            Step(Received(1, lacking)).OfType<ReceiverOutput.Disconnect>()).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_without_a_header_holds_nothing_for_the_others()
    {
        Step(new ReceiverInput.Connected(2));
        Step(Received(2, new TransferRecords.Lacking([], [])));
        Assert.False(Connect(1).IsEmpty);
    }

    [Fact]
    public void A_receiver_asks_for_its_own_share_first_and_then_for_the_rest()
    {
        Connect(2, new TransferRecords.Lacking([new PieceRange(0, 64)], []));
        var own = new PieceShares(Records.Here.Pool, 64)
            .Of(PieceSet.Empty.Add(new PieceRange(0, 64)), [Records.There.Pool]);
        Assert.InRange(own.Count, 16UL, 48UL);

        var asked = Connect(1);
        for (var all = asked; !own.Without(all).IsEmpty; all = all.Union(asked))
        {
            Assert.True(asked.Without(own).IsEmpty);
            asked = AskedOf(1, BringAll(1));
            Assert.False(asked.IsEmpty);
        }
        var rest = AskedOf(1, BringAll(1));

        Assert.False(rest.IsEmpty);
        Assert.True(rest.Intersect(own).IsEmpty);
    }

    [Fact]
    public void A_slow_source_is_left_if_another_one_has_what_it_owes_and_not_before()
    {
        Connect(1);
        Connect(2);
        _now += TimeSpan.FromSeconds(9);
        End(2);
        Assert.DoesNotContain(Step(new ReceiverInput.Tick()), output => output is ReceiverOutput.Disconnect);

        _now += TimeSpan.FromSeconds(2);

        var left = Assert.Single(Step(new ReceiverInput.Tick()).OfType<ReceiverOutput.Disconnect>());
        Assert.Equal(1, left.Connection);
        Assert.Contains("brought no piece", left.Fault, StringComparison.Ordinal);
        _now += TimeSpan.FromSeconds(30);
        Assert.DoesNotContain(Step(new ReceiverInput.Tick()), output => output is ReceiverOutput.Disconnect);
    }

    private static ContentMap MapOf(byte[] content)
    {
        var thin = new MemoryThin(1024, content.Length);
        thin.Write(0, content);
        return thin.Map(Histories.Pieces);
    }

    private ImmutableArray<ReceiverOutput> Step(ReceiverInput input)
    {
        if (input is ReceiverInput.Received { Record: TransferRecords.End } ended)
            _owed.Remove(ended.Connection);
        var outputs = _receiver.Step(input, _now);
        foreach (var (connection, record) in outputs.OfType<ReceiverOutput.Send>())
        {
            if (record is TransferRecords.AskPieces ask)
            {
                _asked[connection] = PieceSet.Of(ask.Wanted);
                _owed.Add(connection);
            }
        }
        return outputs;
    }

    /// <summary>What the source is asked for first.</summary>
    /// <param name="lacking">What the source, a receiver itself, sends before its header.</param>
    private PieceSet Connect(int connection, TransferRecords.Lacking? lacking = null)
    {
        Step(new ReceiverInput.Connected(connection));
        if (lacking is not null)
            Step(Received(connection, lacking));
        return AskedOf(Step(Received(connection, new TransferRecords.Header(
            Records.There, Records.Here, new LayerShape(Size, Records.Shape.FileSystem), null, Map.Digest,
            Histories.Pieces, 64))));
    }

    /// <summary>The source sends nothing of what it was asked for.</summary>
    private ImmutableArray<ReceiverOutput> End(int connection) =>
        Step(Received(connection, new TransferRecords.End(0, _asked[connection].Count, 0, 0, Map.Digest)));

    /// <summary>The receiver is asked again, answers with what it lacks, and has nothing of what it was asked for.</summary>
    /// <param name="after">Seconds.</param>
    private ImmutableArray<ReceiverOutput> Poll(int connection, TransferRecords.Lacking lacking, int after)
    {
        _now += TimeSpan.FromSeconds(after);
        var outputs = Step(new ReceiverInput.Tick());
        Assert.Contains(connection, _owed);
        return [.. outputs, .. Step(Received(connection, lacking)), .. End(connection)];
    }

    /// <summary>The source sends everything that it was asked for, and the disk is fast.</summary>
    /// <returns>The outputs after the end of its answer.</returns>
    private ImmutableArray<ReceiverOutput> BringAll(int connection)
    {
        var asked = _asked[connection];
        foreach (var piece in asked.Pieces)
        {
            var at = (int)piece * Histories.Pieces.Bytes;
            Step(Received(connection, new TransferRecords.Data(
                new ByteSize((ulong)at), Content.AsMemory(at, Histories.Pieces.Bytes))));
            Step(Received(connection, new TransferRecords.PieceEnd(piece)));
            Step(new ReceiverInput.PieceWritten(piece, null));
        }
        return Step(Received(connection, new TransferRecords.End(
            asked.Count, 0, asked.Count * (ulong)Histories.Pieces.Bytes, 0, Map.Digest)));
    }

    private static ReceiverInput.Received Received(int connection, TransferRecord record) => new(connection, record);

    private static PieceSet AskedOf(int connection, ImmutableArray<ReceiverOutput> outputs) => AskedOf(
        [.. outputs.Where(output => output is ReceiverOutput.Send send && send.Connection == connection)]);

    private static PieceSet AskedOf(ImmutableArray<ReceiverOutput> outputs) => PieceSet.Of(outputs
        .OfType<ReceiverOutput.Send>().Select(send => send.Record).OfType<TransferRecords.AskPieces>()
        .SelectMany(ask => ask.Wanted));
}
