using System.Collections.Immutable;
using DmAgents.Domain.Units;

namespace DmAgents.Transfer.Sending;

/// <summary>A piece in memory.</summary>
internal sealed class SendSlot(ulong piece, ByteRange range, ImmutableArray<ByteRange> parts, byte[] buffer)
{
    public ulong Piece => piece;

    public ByteRange Range => range;

    public ImmutableArray<ByteRange> Parts => parts;

    public byte[] Buffer => buffer;

    public bool IsRead { get; set; }
}

/// <summary>One request for pieces.</summary>
internal sealed class SendBatch(bool isWhole)
{
    public bool IsWhole => isWhole;

    public Queue<ulong> Pieces { get; } = [];

    public ulong Missing { get; set; }

    public ulong Sent { get; set; }

    public ulong DataBytes { get; set; }

    public ulong ZeroBytes { get; set; }
}
