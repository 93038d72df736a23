using System.Collections.Immutable;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Sending;

/// <summary>The inputs of a sender.</summary>
public abstract record SenderInput
{
    /// <summary>A record of the receiver arrived.</summary>
    public sealed record Received(TransferRecord Record) : SenderInput;

    /// <summary>The requested layer is open.</summary>
    public sealed record Opened(SourceLayer Layer) : SenderInput;

    /// <summary>The requested layer could not be opened.</summary>
    public sealed record NotOpened(TransferRefusal Why, string Reason) : SenderInput;

    /// <summary>The ranges that differ from the base; null: they cannot be found, and whole pieces are sent.</summary>
    public sealed record ExtentsFound(IReadOnlyList<ByteRange>? Extents) : SenderInput;

    /// <summary>The layer's present state; null: this host abandoned its reception.</summary>
    public sealed record Looked(SourceLayer? Layer) : SenderInput;

    /// <summary>A piece's parts are in its buffer, or could not be read.</summary>
    public sealed record PieceRead(ulong Piece, KernelError? Error) : SenderInput;

    /// <summary>The next record in order has left.</summary>
    public sealed record Sent : SenderInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : SenderInput;

    /// <summary>The connection ended.</summary>
    public sealed record Broken : SenderInput;
}

/// <summary>The orders of a sender.</summary>
public abstract record SenderOutput
{
    /// <summary>Open the layer; answered by Opened or NotOpened.</summary>
    public sealed record Open(TransferRecords.Ask Ask) : SenderOutput;

    /// <summary>Find the ranges that differ from the base; answered by ExtentsFound.</summary>
    public sealed record FindExtents(ContentDigest Base) : SenderOutput;

    /// <summary>Check again which pieces are missing of a layer that this host still receives; answered by
    /// Looked.</summary>
    public sealed record LookForMissing : SenderOutput;

    /// <summary>Read parts of a piece, each to its place in the buffer; answered by PieceRead.</summary>
    /// <param name="Range">The piece's range; the buffer starts at its start.</param>
    /// <param name="Parts">Ascending, within the range.</param>
    public sealed record ReadPiece(ulong Piece, ByteRange Range, ImmutableArray<ByteRange> Parts, byte[] Buffer)
        : SenderOutput;

    /// <summary>Send a record, in the order of these outputs; answered by Sent.</summary>
    public sealed record Send(TransferRecord Record) : SenderOutput;

    /// <summary>The open layer is no longer read.</summary>
    public sealed record Release : SenderOutput;

    /// <summary>Close the connection after everything queued is sent.</summary>
    /// <param name="Reason">Text for the operator; empty: the receiver closed it.</param>
    public sealed record Close(string Reason) : SenderOutput;
}
