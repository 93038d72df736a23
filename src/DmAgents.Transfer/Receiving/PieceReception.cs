using System.Collections.Immutable;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>A piece whose parts are arriving, in ascending order.</summary>
/// <param name="range">The piece's range on the device.</param>
/// <param name="buffer">At least of the piece's size.</param>
internal sealed class PieceReception(ulong piece, ByteRange range, byte[] buffer)
{
    private readonly ImmutableArray<ReceivedPart>.Builder _parts = ImmutableArray.CreateBuilder<ReceivedPart>();
    private ByteSize _next = range.Start;
    private ByteSize _covered;

    public ulong Piece => piece;

    public ByteRange Range => range;

    public byte[] Buffer => buffer;

    /// <summary>The piece's bytes that have arrived so far.</summary>
    public Memory<byte> Bytes => buffer.AsMemory(0, (int)range.Length.Bytes);

    /// <summary>Every byte of the piece has arrived.</summary>
    public bool IsWhole => _covered == range.Length;

    public ImmutableArray<ReceivedPart> Parts => _parts.ToImmutable();

    /// <summary>Takes data or zeros.</summary>
    /// <returns>What is wrong with them, or null.</returns>
    public string? Take(TransferRecord record) => record switch
    {
        TransferRecords.Data(var offset, var bytes) =>
            Take(new ByteRange(offset, new ByteSize((ulong)bytes.Length)), bytes),
        TransferRecords.Zeros(var zeros) => Take(zeros, null),
        _ => throw new ArgumentException($"no part of a piece: {record.GetType().Name}", nameof(record)),
    };

    /// <summary>Copies the parts over the target's present bytes.</summary>
    public void Overlay(Memory<byte> loaded)
    {
        foreach (var part in _parts)
            Slice(Bytes, part.Range).CopyTo(Slice(loaded, part.Range));
    }

    private string? Take(ByteRange part, ReadOnlyMemory<byte>? bytes)
    {
        if (part.Length == ByteSize.Zero || part.Start.Bytes % SectorCount.BytesPerSector != 0
            || part.Length.Bytes % SectorCount.BytesPerSector != 0)
            return $"{part} are no whole sectors";
        if (part.Start < _next || part.Length > range.Length || part.Start > range.End - part.Length)
            return $"{part} do not lie behind what came of piece {piece}, and within it";
        if (bytes is { } data)
            data.CopyTo(Slice(Bytes, part));
        else
            Slice(Bytes, part).Span.Clear();
        _parts.Add(new ReceivedPart(part, bytes is null));
        _next = part.End;
        _covered += part.Length;
        return null;
    }

    private Memory<byte> Slice(Memory<byte> bytes, ByteRange part) =>
        bytes.Slice((int)(part.Start - range.Start).Bytes, (int)part.Length.Bytes);
}
