using System.Collections.Immutable;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Sending;

/// <summary>The inputs of a sender.</summary>
public abstract record SenderInput
{
    /// <summary>A record of the receiver's came.</summary>
    public sealed record Received(TransferRecord Record) : SenderInput;

    /// <summary>The layer that was asked for is open.</summary>
    public sealed record Opened(SourceLayer Layer) : SenderInput;

    /// <summary>It is not.</summary>
    public sealed record NotOpened(TransferRefusal Why, string Reason) : SenderInput;

    /// <summary>Where it differs from the base; null: that cannot be found, and whole pieces are sent.</summary>
    public sealed record ExtentsFound(IReadOnlyList<ByteRange>? Extents) : SenderInput;

    /// <summary>What the host itself has not verified yet; null: it gave the layer up.</summary>
    public sealed record Looked(PieceSet? Missing) : SenderInput;

    /// <summary>A piece's parts are in its buffer, or were not read.</summary>
    public sealed record PieceRead(ulong Piece, KernelError? Error) : SenderInput;

    /// <summary>The earliest record that was not yet reported so has left.</summary>
    public sealed record Sent : SenderInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : SenderInput;

    /// <summary>The connection ended.</summary>
    public sealed record Broken : SenderInput;
}

/// <summary>What a sender orders.</summary>
public abstract record SenderOutput
{
    /// <summary>Open the layer; answered by Opened or NotOpened.</summary>
    public sealed record Open(TransferRecords.Ask Ask) : SenderOutput;

    /// <summary>Find the ranges that differ from the base's; answered by ExtentsFound.</summary>
    public sealed record FindExtents(ContentDigest Base) : SenderOutput;

    /// <summary>Look again what is missing of a layer that is received itself; answered by Looked.</summary>
    public sealed record LookForMissing : SenderOutput;

    /// <summary>Read parts of a piece, each to its place in the buffer; answered by PieceRead.</summary>
    /// <param name="Range">Of the piece: the buffer's first byte is the range's.</param>
    /// <param name="Parts">Ascending, within the range.</param>
    public sealed record ReadPiece(ulong Piece, ByteRange Range, ImmutableArray<ByteRange> Parts, byte[] Buffer)
        : SenderOutput;

    /// <summary>Send a record, in the order of these; answered by Sent.</summary>
    public sealed record Send(TransferRecord Record) : SenderOutput;

    /// <summary>The open layer is no longer read.</summary>
    public sealed record Release : SenderOutput;

    /// <summary>Close the connection behind what is to be sent.</summary>
    /// <param name="Reason">For people; empty: the receiver closed it.</param>
    public sealed record Close(string Reason) : SenderOutput;
}
