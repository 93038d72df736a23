using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>What a piece costs besides its bytes, however scattered the pieces of a question are.</summary>
public sealed class PieceCostTests
{
    private const int Count = 1024;

    [Fact]
    public void A_piece_that_comes_costs_no_copy_of_what_was_asked_for()
    {
        var size = new ByteSize(2 * Count * (ulong)Histories.Pieces.Bytes);
        var map = ContentMap.OfZeros(size, Histories.Pieces);
        var shape = new LayerShape(size, FileSystemKind.Ext4);
        var talk = new SourceTalk(
            1, TransferRun.RequestFor(map), new ReceiverSettings(Records.Here, Histories.Pieces, size),
            new ReceivingProgress(map.Digest, null, shape, PieceSet.Empty), TimeSpan.Zero);
        var buffer = new byte[Histories.Pieces.Bytes];
        PieceReception Begin(ulong piece) => new(piece, Histories.Pieces.RangeOf(piece, size), buffer);
        Assert.Null(talk.Take(
            new TransferRecords.Header(Records.There, Records.Here, shape, null, map.Digest, Histories.Pieces, 0),
            TimeSpan.Zero, Begin, out _));
        talk.Ask(
            whole: true, [.. Enumerable.Range(0, Count).Select(i => new PieceRange(2 * (ulong)i, 1))], TimeSpan.Zero);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Count; i++)
            Assert.Null(talk.Take(new TransferRecords.PieceEnd(2 * (ulong)i), TimeSpan.Zero, Begin, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Count * 1024);
    }

    [Fact]
    public void What_is_served_is_compared_only_when_it_is_asked_for()
    {
        var changed = PieceSet.Of(Enumerable.Range(0, Count).Select(i => 2 * (ulong)i));
        var served = new ServedPieces(
            ContentMap.OfZeros(ByteSize.MiB(1), Histories.Pieces), changed, PieceSet.Of([0UL, 2UL]), PieceSet.Empty);
        Assert.Equal(2UL, served.Verified);
        Assert.Equal(Count - 2UL, served.Missing.Count);
        Assert.Same(served.Missing, served.Missing);
    }
}
