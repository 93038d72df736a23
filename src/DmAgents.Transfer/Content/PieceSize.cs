using System.Numerics;
using DmAgents.Domain.Units;

namespace DmAgents.Transfer.Content;

/// <summary>
/// How long the pieces are that a device is hashed, verified and served by: a power of two, 4 KiB to 16 MiB. It is a
/// part of the content digest, so all hosts of a fleet have the same one, whatever their pools' block sizes are.
/// </summary>
public readonly record struct PieceSize
{
    private const int Least = 4 * 1024;
    private const int Most = 16 * 1024 * 1024;

    /// <exception cref="ArgumentOutOfRangeException">No power of two from 4 KiB to 16 MiB.</exception>
    public PieceSize(int bytes)
    {
        if (!IsValid(bytes))
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "a power of two from 4 KiB to 16 MiB");
        Bytes = bytes;
    }

    /// <summary>1 MiB: 32 bytes of hash for each, 32 KiB a GiB; and a receiver holds few of them in memory.</summary>
    public static PieceSize Default => new(1024 * 1024);

    public int Bytes { get; }

    /// <summary>Zeros within a piece are recognized by this unit, a sixteenth. With 1 MiB it is 64 KiB, the least block
    /// of a pool: shorter runs of zeros would save no block.</summary>
    public int ZeroUnit => Bytes / 16;

    public static bool IsValid(long bytes) => bytes is >= Least and <= Most && BitOperations.IsPow2(bytes);

    /// <summary>How many pieces a device has; the last one may end beyond it.</summary>
    public ulong CountIn(ByteSize device) => device.Bytes / (ulong)Bytes + (device.Bytes % (ulong)Bytes == 0 ? 0UL : 1);

    /// <summary>Where a piece lies on a device: its last one ends with it.</summary>
    public ByteRange RangeOf(ulong piece, ByteSize device)
    {
        var start = new ByteSize(checked(piece * (ulong)Bytes));
        return new ByteRange(start, new ByteSize(Math.Min((ulong)Bytes, (device - start).Bytes)));
    }
}
