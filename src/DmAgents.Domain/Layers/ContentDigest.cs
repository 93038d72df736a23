using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace DmAgents.Domain.Layers;

/// <summary>
/// The digest of a copy's blocks: a BLAKE3 hash over the device's size and its content, <c>blake3:</c> and 64
/// lower-case hex digits. Two copies of a layer can serve each other's deltas only if their digests are equal. A block
/// of zeros and an unmapped block are the same content. DmAgents.Transfer computes it (<c>ContentMap</c>).
/// </summary>
public readonly record struct ContentDigest
{
    /// <summary>In bytes.</summary>
    public const int Length = 32;

    private const string Prefix = "blake3:";
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private readonly UInt128 _high;
    private readonly UInt128 _low;

    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public ContentDigest(ReadOnlySpan<byte> hash)
    {
        if (hash.Length != Length)
            throw new ArgumentException($"A content digest has {Length} bytes, not {hash.Length}", nameof(hash));
        _high = BinaryPrimitives.ReadUInt128BigEndian(hash);
        _low = BinaryPrimitives.ReadUInt128BigEndian(hash[16..]);
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt128BigEndian(into, _high);
        BinaryPrimitives.WriteUInt128BigEndian(into[16..], _low);
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out ContentDigest digest)
    {
        digest = default;
        if (text is null || text.Length != Prefix.Length + 2 * Length
            || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || text.AsSpan(Prefix.Length).ContainsAnyExcept(HexDigits))
            return false;
        digest = new ContentDigest(Convert.FromHexString(text.AsSpan(Prefix.Length)));
        return true;
    }

    /// <exception cref="FormatException">Not <c>blake3:</c> and 64 lower-case hex digits.</exception>
    public static ContentDigest Parse(string text) => TryParse(text, out var digest)
        ? digest
        : throw new FormatException($"'{text}' is not a content digest: {Prefix} and 64 hex digits");

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        return Prefix + Convert.ToHexStringLower(bytes);
    }
}
