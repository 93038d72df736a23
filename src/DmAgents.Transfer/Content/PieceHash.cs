using System.Buffers.Binary;
using Blake3;

namespace DmAgents.Transfer.Content;

/// <summary>
/// BLAKE3 of a piece's bytes. A piece that ends beyond its device is padded with zeros, so that a growing device keeps
/// its hashes. The default value stands for a piece of only zeros, mapped or not.
/// </summary>
public readonly record struct PieceHash
{
    /// <summary>In bytes.</summary>
    public const int Length = 32;

    private static readonly byte[] Zeros = new byte[64 * 1024];
    private readonly UInt128 _high;
    private readonly UInt128 _low;

    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public PieceHash(ReadOnlySpan<byte> hash)
    {
        if (hash.Length != Length)
            throw new ArgumentException($"A piece's hash has {Length} bytes, not {hash.Length}", nameof(hash));
        _high = BinaryPrimitives.ReadUInt128BigEndian(hash);
        _low = BinaryPrimitives.ReadUInt128BigEndian(hash[16..]);
    }

    /// <summary>The piece holds only zeros.</summary>
    public bool IsZero => this == default;

    /// <param name="bytes">A piece, or its part that lies on the device.</param>
    public static PieceHash Of(ReadOnlySpan<byte> bytes, PieceSize size)
    {
        if (bytes.Length > size.Bytes)
            throw new ArgumentException($"A piece has {size.Bytes} bytes at most, not {bytes.Length}", nameof(bytes));
        if (!bytes.ContainsAnyExcept((byte)0))
            return default;
        using var hasher = Hasher.New();
        hasher.Update(bytes);
        for (var missing = size.Bytes - bytes.Length; missing > 0; missing -= Zeros.Length)
            hasher.Update(Zeros.AsSpan(0, Math.Min(missing, Zeros.Length)));
        Span<byte> hash = stackalloc byte[Length];
        hasher.Finalize(hash);
        return new PieceHash(hash);
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt128BigEndian(into, _high);
        BinaryPrimitives.WriteUInt128BigEndian(into[16..], _low);
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        return IsZero ? "zeros" : Convert.ToHexStringLower(bytes);
    }
}

/// <summary>One piece of a device with its hash.</summary>
/// <param name="Index">From 0; the piece starts at this many piece sizes.</param>
public readonly record struct ContentPiece(ulong Index, PieceHash Hash);
