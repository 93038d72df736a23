using System.Buffers.Binary;
using System.IO.Hashing;
using DmAgents.Domain.Pools;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Receiving;

/// <summary>Divides a layer's pieces among its receivers: each requests its share from the sources that have
/// everything, and gets the rest from the other receivers. Receivers agree without a message: a run of pieces belongs to
/// the pool with the highest hash of pool and run (rendezvous hashing). So a receiver that comes or leaves moves only its
/// own share, and receivers that do not all know each other still agree on most pieces.</summary>
/// <param name="self">The pool of this receiver.</param>
/// <param name="pieces">About the number of pieces to receive. It must be equal at all receivers, so it may not depend
/// on what a pool already has.</param>
internal sealed class PieceShares(PoolUuid self, ulong pieces)
{
    /// <summary>Pieces are divided in about this many runs. Eight receivers then have a dozen each, so that their shares
    /// are about equal, and a set of shares remains a short list of ranges.</summary>
    private const ulong Runs = 96;

    private const int UuidLength = 16;

    private readonly ulong _run = Math.Max(1, pieces / Runs);

    /// <summary>This receiver's share of these pieces.</summary>
    /// <param name="others">The pools of the other receivers, in any order.</param>
    public PieceSet Of(PieceSet among, IReadOnlyList<PoolUuid> others) =>
        others.Count == 0 ? among : PieceSet.Of(among.Ranges.SelectMany(ByRun).Where(part => IsOwn(part, others)));

    private IEnumerable<PieceRange> ByRun(PieceRange range)
    {
        for (var at = range.Start; at < range.End;)
        {
            var end = Math.Min(range.End, (at / _run + 1) * _run);
            yield return new PieceRange(at, end - at);
            at = end;
        }
    }

    private bool IsOwn(PieceRange part, IReadOnlyList<PoolUuid> others)
    {
        var own = Weight(part, self);
        foreach (var other in others)
        {
            if (Weight(part, other) > own)
                return false;
        }
        return true;
    }

    private ulong Weight(PieceRange part, PoolUuid pool)
    {
        Span<byte> bytes = stackalloc byte[UuidLength + sizeof(ulong)];
        pool.Value.TryWriteBytes(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[UuidLength..], part.Start / _run);
        return XxHash3.HashToUInt64(bytes);
    }
}
