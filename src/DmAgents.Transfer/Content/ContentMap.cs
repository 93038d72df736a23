using System.Buffers.Binary;
using System.Collections.Immutable;
using Blake3;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;

namespace DmAgents.Transfer.Content;

/// <summary>
/// The hashes of a layer's device, by pieces of one size. The map omits pieces of zeros, mapped or not, so that its
/// size, its digest and its cost follow the content. It takes about 40 bytes of memory per piece.
/// </summary>
public sealed class ContentMap : IEquatable<ContentMap>
{
    private static readonly byte[] Domain = "DmAgents content 1\n"u8.ToArray();

    /// <param name="pieces">Ascending, within the device, without pieces of zeros.</param>
    private ContentMap(ByteSize deviceSize, PieceSize pieceSize, ImmutableArray<ContentPiece> pieces)
    {
        (DeviceSize, PieceSize, Pieces) = (deviceSize, pieceSize, pieces);
        Digest = Hash();
    }

    public ByteSize DeviceSize { get; }

    public PieceSize PieceSize { get; }

    /// <summary>Ascending by index, without pieces of zeros.</summary>
    public ImmutableArray<ContentPiece> Pieces { get; }

    /// <summary>BLAKE3 over the device size, the piece size and all of <see cref="Pieces"/>: equal exactly if size and
    /// content are equal.</summary>
    public ContentDigest Digest { get; }

    /// <summary>The number of pieces of the device, including those of zeros.</summary>
    public ulong PieceCount => PieceSize.CountIn(DeviceSize);

    /// <summary>The hash of a piece.</summary>
    public PieceHash this[ulong index]
    {
        get
        {
            var at = Find(Pieces.AsSpan(), index);
            return at >= 0 ? Pieces[at].Hash : default;
        }
    }

    /// <summary>The map of a device that holds only zeros.</summary>
    public static ContentMap OfZeros(ByteSize deviceSize, PieceSize pieceSize) => new(deviceSize, pieceSize, []);

    /// <summary>The map of a device that differs from this one in some pieces.</summary>
    /// <param name="changed">Each piece once, in any order; a hash of zeros removes the piece.</param>
    /// <param name="deviceSize">The other device's size; at least this one's, because a layer never shrinks.</param>
    /// <exception cref="ArgumentException">A piece occurs twice or lies beyond the device, or the device is
    /// shorter.</exception>
    public ContentMap With(IEnumerable<ContentPiece> changed, ByteSize deviceSize)
    {
        if (deviceSize < DeviceSize)
            throw new ArgumentException($"A device of {DeviceSize} does not become one of {deviceSize}");
        var others = changed.ToArray();
        Array.Sort(others, (left, right) => left.Index.CompareTo(right.Index));
        for (var i = 1; i < others.Length; i++)
        {
            if (others[i - 1].Index == others[i].Index)
                throw new ArgumentException($"Piece {others[i].Index} is named twice");
        }
        if (others.Length > 0 && others[^1].Index >= PieceSize.CountIn(deviceSize))
            throw new ArgumentException($"Piece {others[^1].Index} lies beyond a device of {deviceSize}");
        return new ContentMap(deviceSize, PieceSize, Merge(Pieces.AsSpan(), others));
    }

    /// <summary>The pieces that differ from <paramref name="origin"/>, ascending, including those that became zeros.
    /// Without an origin: all pieces that are not zeros.</summary>
    public ImmutableArray<ContentPiece> ChangedSince(ContentMap? origin)
    {
        if (origin is null)
            return Pieces;
        if (origin.PieceSize != PieceSize)
            throw new ArgumentException("Maps by different pieces cannot be compared");
        var changed = ImmutableArray.CreateBuilder<ContentPiece>();
        var (mine, theirs) = (0, 0);
        while (mine < Pieces.Length || theirs < origin.Pieces.Length)
        {
            var own = mine < Pieces.Length ? Pieces[mine].Index : ulong.MaxValue;
            var other = theirs < origin.Pieces.Length ? origin.Pieces[theirs].Index : ulong.MaxValue;
            if (own > other)
                changed.Add(new ContentPiece(other, default));
            else if (own < other || Pieces[mine].Hash != origin.Pieces[theirs].Hash)
                changed.Add(Pieces[mine]);
            mine += own <= other ? 1 : 0;
            theirs += other <= own ? 1 : 0;
        }
        return changed.ToImmutable();
    }

    public bool Equals(ContentMap? other) => other is not null && Digest == other.Digest;

    public override bool Equals(object? obj) => Equals(obj as ContentMap);

    public override int GetHashCode() => Digest.GetHashCode();

    private static ImmutableArray<ContentPiece> Merge(ReadOnlySpan<ContentPiece> pieces, ContentPiece[] changed)
    {
        var merged = ImmutableArray.CreateBuilder<ContentPiece>(pieces.Length + changed.Length);
        foreach (var piece in changed)
        {
            var at = Find(pieces, piece.Index);
            merged.AddRange(pieces[..(at >= 0 ? at : ~at)]);
            pieces = pieces[(at >= 0 ? at + 1 : ~at)..];
            if (!piece.Hash.IsZero)
                merged.Add(piece);
        }
        merged.AddRange(pieces);
        return merged.DrainToImmutable();
    }

    private static int Find(ReadOnlySpan<ContentPiece> pieces, ulong index)
    {
        var (low, high) = (0, pieces.Length - 1);
        while (low <= high)
        {
            var middle = low + (high - low) / 2;
            if (pieces[middle].Index == index)
                return middle;
            if (pieces[middle].Index < index)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return ~low;
    }

    private ContentDigest Hash()
    {
        using var hasher = Hasher.New();
        Span<byte> bytes = stackalloc byte[sizeof(ulong) + PieceHash.Length];
        hasher.Update(Domain);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, DeviceSize.Bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[sizeof(ulong)..], (ulong)PieceSize.Bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[(2 * sizeof(ulong))..], (ulong)Pieces.Length);
        hasher.Update(bytes[..(3 * sizeof(ulong))]);
        foreach (var piece in Pieces)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, piece.Index);
            piece.Hash.CopyTo(bytes[sizeof(ulong)..]);
            hasher.Update(bytes);
        }
        hasher.Finalize(bytes[..ContentDigest.Length]);
        return new ContentDigest(bytes[..ContentDigest.Length]);
    }
}
