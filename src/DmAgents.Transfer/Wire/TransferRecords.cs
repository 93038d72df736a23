using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Wire;

/// <summary>One side of a transfer.</summary>
/// <param name="Fleet">The host's fleet.</param>
/// <param name="Pool">The pool that the layer is in, or comes into.</param>
/// <param name="BlockSize">The pool's block size. The two sides' may differ: extents are in bytes.</param>
public sealed record TransferParty(FleetId Fleet, PoolUuid Pool, PoolBlockSize BlockSize);

/// <summary>The device of a layer.</summary>
/// <param name="DeviceSize">Whole 512-byte sectors.</param>
/// <param name="FileSystem">The file system on the device.</param>
public sealed record LayerShape(ByteSize DeviceSize, FileSystemKind FileSystem);

/// <summary>Which transfer sends first if a link is limited.</summary>
public enum TransferPriority
{
    /// <summary>A container's start waits for it.</summary>
    Urgent = 1,

    /// <summary>An operator or an image's wanted copies wait for it.</summary>
    Normal = 2,

    /// <summary>Nothing waits for it.</summary>
    Background = 3,
}

/// <summary>Why a sender refuses.</summary>
public enum TransferRefusal
{
    /// <summary>A code of a later version.</summary>
    Other = 0,

    /// <summary>The receiver is of another fleet.</summary>
    OtherFleet = 1,

    /// <summary>The sender has no such layer.</summary>
    UnknownLayer = 2,

    /// <summary>Its copy of the layer has another content digest.</summary>
    OtherContent = 3,

    /// <summary>Its pieces are of another size.</summary>
    OtherPieceSize = 4,

    /// <summary>Its copy's size or file system is not what the receiver expects.</summary>
    OtherShape = 5,

    /// <summary>Its disk or pool cannot supply what was requested.</summary>
    Unreadable = 6,

    /// <summary>The receiver violated the protocol.</summary>
    Violation = 7,
}

/// <summary>The records of a transfer, version 1. A receiver asks, and the sender answers; nothing else is
/// sent.</summary>
public static class TransferRecords
{
    /// <summary>Receiver: the layer that it wants. Answered by <see cref="Header"/> or <see cref="Refused"/>.</summary>
    /// <param name="Receiver">The asking side.</param>
    /// <param name="Layer">The layer's chain id.</param>
    /// <param name="Content">The copy's digest, as the fleet knows it.</param>
    /// <param name="PieceSize">The receiver's piece size.</param>
    /// <param name="Expected">The layer's device, if the receiver knows it.</param>
    /// <param name="HasMap">The receiver has the layer's content map, so none is sent.</param>
    /// <param name="Ancestors">The receiver's copies that can be the base, the nearest first.</param>
    public sealed record Ask(
        TransferParty Receiver, ChainId Layer, ContentDigest Content, TransferPriority Priority, PieceSize PieceSize,
        LayerShape? Expected, bool HasMap, ImmutableArray<ContentDigest> Ancestors) : TransferRecord;

    /// <summary>Receiver, after a header: requests these pieces, in this order. Answered by data and
    /// <see cref="End"/>.</summary>
    /// <param name="Whole">Requests whole pieces, not only what changed in them since the base.</param>
    /// <param name="Wanted">At least one piece; without overlaps.</param>
    public sealed record AskPieces(bool Whole, ImmutableArray<PieceRange> Wanted) : TransferRecord;

    /// <summary>Sender: what it is about to send. The map follows, unless the receiver has it.</summary>
    /// <param name="Sender">The sending side.</param>
    /// <param name="Receiver">The asking side, as it named itself: a receiver refuses an answer to another one.</param>
    /// <param name="Base">The nearest of the receiver's ancestors that the sender has; null: the layer is sent
    /// whole.</param>
    /// <param name="Content">The digest of the complete device.</param>
    /// <param name="Changed">The number of pieces that differ from the base; without a base, of those that are not
    /// zeros.</param>
    public sealed record Header(
        TransferParty Sender, TransferParty Receiver, LayerShape Shape, ContentDigest? Base, ContentDigest Content,
        PieceSize PieceSize, ulong Changed) : TransferRecord;

    /// <summary>Sender: the hashes of consecutive changed pieces. The records of a map ascend.</summary>
    public sealed record Hashes(ulong First, ImmutableArray<PieceHash> Pieces) : TransferRecord;

    /// <summary>Sender: consecutive pieces that became zeros. No data follows for them.</summary>
    public sealed record ZeroPieces(PieceRange Pieces) : TransferRecord;

    /// <summary>Sender: the map is complete.</summary>
    public sealed record MapEnd(ulong Changed) : TransferRecord;

    /// <summary>Sender: bytes of the current piece. They are valid until the reader's next call.</summary>
    public sealed record Data(ByteSize Offset, ReadOnlyMemory<byte> Bytes) : TransferRecord;

    /// <summary>Sender: zeros in the current piece.</summary>
    public sealed record Zeros(ByteRange Range) : TransferRecord;

    /// <summary>Sender: everything of the piece that differs from the base was sent; or the whole piece.</summary>
    public sealed record PieceEnd(ulong Piece) : TransferRecord;

    /// <summary>Sender, before <see cref="Header"/> and first in an answer to <see cref="AskPieces"/>, if it was still
    /// receiving the layer itself at the Ask: all pieces that it lacks, requested or not. None: it has all of them by
    /// now.</summary>
    /// <param name="Pieces">All missing pieces of the map; may include others.</param>
    /// <param name="Coming">Those of them that are about to arrive at the sender; may omit some.</param>
    public sealed record Lacking(ImmutableArray<PieceRange> Pieces, ImmutableArray<PieceRange> Coming)
        : TransferRecord;

    /// <summary>Sender: everything requested was sent, or is missing.</summary>
    /// <param name="Pieces">The number of pieces sent.</param>
    /// <param name="Missing">The number of pieces that the sender, which still receives the layer itself,
    /// lacks.</param>
    /// <param name="DataBytes">The number of decoded bytes in the data records.</param>
    /// <param name="ZeroBytes">The number of bytes in the records of zeros.</param>
    /// <param name="Content">As in the header.</param>
    public sealed record End(ulong Pieces, ulong Missing, ulong DataBytes, ulong ZeroBytes, ContentDigest Content)
        : TransferRecord;

    /// <summary>Sender, between a request for a layer and its header: it is still searching for the difference, which
    /// may take longer than a receiver waits for a byte.</summary>
    public sealed record KeepAlive : TransferRecord;

    /// <summary>Sender: it refuses, and why. The connection ends.</summary>
    public sealed record Refused(TransferRefusal Why, string Reason) : TransferRecord;
}

/// <summary>A message from one side to the other.</summary>
public abstract record TransferRecord;
