using System.Numerics;
using DmAgents.Domain.Units;

namespace DmAgents.Transfer.Content;

/// <summary>
/// The size of the pieces by which a device is hashed, verified and served: a power of two from 4 KiB to 16 MiB. It is
/// part of the content digest, so all hosts of a fleet use the same size, whatever their pools' block sizes are.
/// </summary>
public readonly record struct PieceSize
{
    private const int Least = 4 * 1024;
    private const int Most = 16 * 1024 * 1024;

    /// <exception cref="ArgumentOutOfRangeException">Not a power of two from 4 KiB to 16 MiB.</exception>
    public PieceSize(int bytes)
    {
        if (!IsValid(bytes))
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "a power of two from 4 KiB to 16 MiB");
        Bytes = bytes;
    }

    /// <summary>1 MiB: a hash of 32 bytes per piece makes 32 KiB per GiB, and a receiver holds few pieces in
    /// memory.</summary>
    public static PieceSize Default => new(1024 * 1024);

    public int Bytes { get; }

    /// <summary>The unit for recognizing zeros within a piece, a sixteenth. With 1 MiB it is 64 KiB, a pool's smallest
    /// block: shorter runs of zeros would save no block.</summary>
    public int ZeroUnit => Bytes / 16;

    public static bool IsValid(long bytes) => bytes is >= Least and <= Most && BitOperations.IsPow2(bytes);

    /// <summary>The number of pieces of a device; the last one may end beyond it.</summary>
    public ulong CountIn(ByteSize device) => device.Bytes / (ulong)Bytes + (device.Bytes % (ulong)Bytes == 0 ? 0UL : 1);

    /// <summary>The range of a piece on a device; the last piece ends with the device.</summary>
    public ByteRange RangeOf(ulong piece, ByteSize device)
    {
        var start = new ByteSize(checked(piece * (ulong)Bytes));
        return new ByteRange(start, new ByteSize(Math.Min((ulong)Bytes, (device - start).Bytes)));
    }
}
