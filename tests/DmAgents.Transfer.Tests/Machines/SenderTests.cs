using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Sending;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Machines;

public sealed class SenderTests
{
    private readonly Sender _sender = new(Records.There);
    private readonly ContentMap _map;
    private readonly ContentMap _base;
    private ImmutableArray<SenderOutput> _outputs = [];

    public SenderTests()
    {
        var thin = new MemoryThin(1024, 8 * 4096);
        thin.Write(0, Records.Noise(5 * 4096));
        (_map, _base) = (thin.Map(Histories.Pieces), ContentMap.OfZeros(thin.Size, Histories.Pieces));
    }

    [Fact]
    public void A_layer_whose_difference_is_sought_is_released_only_after_the_search()
    {
        Ask(PieceSet.Empty, _base);
        AssertReleasedAfter<SenderOutput.FindExtents>(new SenderInput.Broken(), new SenderInput.ExtentsFound([]));
    }

    [Fact]
    public void A_layer_whose_missing_pieces_are_looked_up_is_released_only_after_the_look()
    {
        Ask(PieceSet.Of([3UL]));
        _outputs = _sender.Step(new SenderInput.Received(
            new TransferRecords.AskPieces(Whole: true, [new PieceRange(0, 8)])));
        AssertReleasedAfter<SenderOutput.LookForMissing>(
            new SenderInput.Broken(), new SenderInput.Looked(null));
    }

    [Fact]
    public void A_host_that_still_receives_a_layer_says_before_the_header_what_it_lacks_and_expects()
    {
        Ask(PieceSet.Of([3UL, 5UL]), coming: PieceSet.Of([5UL]));

        var sent = _outputs.OfType<SenderOutput.Send>().Select(send => send.Record).ToList();

        var lacking = Assert.IsType<TransferRecords.Lacking>(sent[0]);
        Assert.Equal(PieceSet.Of([3UL, 5UL]), PieceSet.Of(lacking.Pieces));
        Assert.Equal(PieceSet.Of([5UL]), PieceSet.Of(lacking.Coming));
        Assert.IsType<TransferRecords.Header>(sent[1]);
    }

    [Fact]
    public void A_layer_that_is_read_is_released_after_the_last_read()
    {
        Ask(PieceSet.Empty);
        _outputs = _sender.Step(new SenderInput.Received(
            new TransferRecords.AskPieces(Whole: true, [new PieceRange(0, 2)])));
        Assert.DoesNotContain(_sender.Step(new SenderInput.Broken()), output => output is SenderOutput.Release);
        AssertReleasedAfter<SenderOutput.ReadPiece>(
            new SenderInput.PieceRead(1, null), new SenderInput.PieceRead(0, null));
    }

    [Fact]
    public void Each_tick_before_the_header_sends_a_record_and_a_link_that_takes_none_gets_one()
    {
        Ask(PieceSet.Empty, _base);
        Assert.True(_sender.NeedsTicks);
        Assert.Equal(new SenderOutput.Send(new TransferRecords.KeepAlive()), Assert.Single(Tick()));
        Assert.Empty(Tick());
        _sender.Step(new SenderInput.Sent());
        Assert.Single(Tick());
        Assert.IsType<TransferRecords.Header>(
            Assert.IsType<SenderOutput.Send>(_sender.Step(new SenderInput.ExtentsFound([]))[0]).Record);
        Assert.False(_sender.NeedsTicks);
        _sender.Step(new SenderInput.Sent());
        _sender.Step(new SenderInput.Sent());
        Assert.Empty(Tick());
    }

    [Fact]
    public void A_question_for_no_piece_is_refused()
    {
        Ask(PieceSet.Empty);
        _outputs = _sender.Step(new SenderInput.Received(new TransferRecords.AskPieces(Whole: true, [])));
        Assert.Equal(
            new SenderOutput.Send(new TransferRecords.Refused(TransferRefusal.Violation, "a question for no piece")),
            _outputs[0]);
        Assert.Contains(_outputs, output => output is SenderOutput.Close);
    }

    private ImmutableArray<SenderOutput> Tick() => _sender.Step(new SenderInput.Tick());

    private void Ask(PieceSet missing, params ContentMap[] ancestors) => Ask(missing, PieceSet.Empty, ancestors);

    private void Ask(PieceSet missing, PieceSet coming, params ContentMap[] ancestors)
    {
        _sender.Step(new SenderInput.Received(new TransferRecords.Ask(
            Records.Here, Records.Layer, _map.Digest, TransferPriority.Normal, Histories.Pieces, null, HasMap: true,
            [.. ancestors.Select(map => map.Digest)])));
        _outputs = _sender.Step(new SenderInput.Opened(new SourceLayer(
            new LayerShape(_map.DeviceSize, FileSystemKind.Ext4), _map,
            ImmutableDictionary<ContentDigest, ContentMap>.Empty.Add(_base.Digest, _base), missing)
        {
            Coming = coming,
        }));
    }

    /// <summary>A job of this kind was ordered, the first input does not release the layer, and the second does.
    /// </summary>
    private void AssertReleasedAfter<T>(SenderInput first, SenderInput second)
    {
        Assert.Contains(_outputs, output => output is T);
        Assert.DoesNotContain(_sender.Step(first), output => output is SenderOutput.Release);
        Assert.Single(_sender.Step(second), output => output is SenderOutput.Release);
    }
}
