using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>Pieces of the base that the layer has as zeros.</summary>
public sealed class ZeroingTests
{
    [Fact]
    public void A_few_jobs_make_zeros_at_once_and_all_pieces_become_zeros()
    {
        var pieces = Enumerable.Range(0, 100).Select(i => 2 * (ulong)i).ToArray();
        Assert.Equal(100, Zeroed(200, pieces));
    }

    [Fact]
    public void A_long_range_is_made_zeros_in_parts_so_that_a_stop_waits_for_a_few_of_them() =>
        Assert.Equal(5, Zeroed(5000, [.. Enumerable.Range(0, 5000).Select(i => (ulong)i)]));

    /// <summary>Receives a layer of zeros upon a base that has other bytes in these pieces.</summary>
    /// <returns>How many jobs that took.</returns>
    private static int Zeroed(ulong count, ulong[] pieces)
    {
        var size = new ByteSize(count * (ulong)Histories.Pieces.Bytes);
        var layer = ContentMap.OfZeros(size, Histories.Pieces);
        var hash = PieceHash.Of(new byte[] { 1 }, Histories.Pieces);
        var origin = layer.With(pieces.Select(piece => new ContentPiece(piece, hash)), size);
        var settings = new ReceiverSettings(Records.Here, Histories.Pieces, size);
        var receiver = new Receiver(
            TransferRun.RequestFor(layer, origin), settings,
            new ReceivingProgress(
                layer.Digest, origin.Digest, new LayerShape(size, FileSystemKind.Ext4), PieceSet.Empty), layer);
        receiver.Step(new ReceiverInput.Start(), TimeSpan.Zero);
        var jobs = new Queue<ReceiverOutput.ZeroPieces>();
        var (done, zeroed) = (0, PieceSet.Empty);
        for (ReceiverInput input = new ReceiverInput.TargetReady(IsThere: true, null); ;)
        {
            foreach (var job in receiver.Step(input, TimeSpan.Zero).OfType<ReceiverOutput.ZeroPieces>())
                jobs.Enqueue(job);
            Assert.InRange(jobs.Count, 0, settings.PiecesInMemory);
            if (!jobs.TryDequeue(out var next))
                break;
            (done, zeroed) = (done + 1, zeroed.Add(next.Pieces));
            Assert.Equal(next.Pieces.Count * (ulong)Histories.Pieces.Bytes, next.Range.Length.Bytes);
            input = new ReceiverInput.PiecesZeroed(next.Pieces, null);
        }
        Assert.Equal(PieceSet.Of(pieces), zeroed);
        Assert.Equal((ulong)pieces.Length, receiver.Progress.Verified);
        return done;
    }
}
