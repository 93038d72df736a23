using System.Buffers.Binary;
using System.IO.Hashing;
using DmAgents.Domain.Pools;

namespace DmAgents.Transfer.Receiving;

/// <summary>Divides a layer's pieces among its receivers: each requests its share from the sources that have
/// everything, and gets the rest from the other receivers. Receivers agree without a message: a piece belongs to the
/// pool with the highest hash of pool and piece (rendezvous hashing). So a receiver that comes or leaves moves only its
/// own share, and receivers that do not all know each other still agree on most pieces.</summary>
/// <param name="pieces">The number of pieces in the layer's map. It must be equal at all receivers, so it may not
/// depend on what a pool already has.</param>
internal sealed class PieceShares(PoolUuid self, ulong pieces)
{
    /// <summary>Pieces are divided in about this many runs: enough for equal shares, and few enough that a set of
    /// shares remains a short list of ranges.</summary>
    private const ulong Runs = 96;

    private const int UuidLength = 16;

    private readonly ulong _run = Math.Max(1, pieces / Runs);

    /// <param name="others">The pools of the other receivers.</param>
    public bool IsOwn(ulong piece, IReadOnlyList<PoolUuid> others)
    {
        if (others.Count == 0)
            return true;
        var own = Weight(piece, self);
        foreach (var other in others)
        {
            if (Weight(piece, other) > own)
                return false;
        }
        return true;
    }

    private ulong Weight(ulong piece, PoolUuid pool)
    {
        Span<byte> bytes = stackalloc byte[UuidLength + sizeof(ulong)];
        pool.Value.TryWriteBytes(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[UuidLength..], piece / _run);
        return XxHash3.HashToUInt64(bytes);
    }
}
