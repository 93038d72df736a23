using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Wire;

/// <summary>One side of a transfer.</summary>
/// <param name="Fleet">Of the host.</param>
/// <param name="Pool">That the layer is in, or comes into.</param>
/// <param name="BlockSize">The pool's. The two sides' may differ: extents are bytes.</param>
public sealed record TransferParty(FleetId Fleet, PoolUuid Pool, PoolBlockSize BlockSize);

/// <summary>What the device of a layer is.</summary>
/// <param name="DeviceSize">Whole 512-byte sectors.</param>
/// <param name="FileSystem">On the device.</param>
public sealed record LayerShape(ByteSize DeviceSize, FileSystemKind FileSystem);

/// <summary>Whose bytes go first if a link is limited.</summary>
public enum TransferPriority
{
    /// <summary>A container's start waits for it.</summary>
    Urgent = 1,

    /// <summary>An operator or an image's wanted copies wait for it.</summary>
    Normal = 2,

    /// <summary>Nothing waits for it.</summary>
    Background = 3,
}

/// <summary>Why a sender does not send.</summary>
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

    /// <summary>Its copy has another size or file system than the receiver expects.</summary>
    OtherShape = 5,

    /// <summary>Its disk or pool does not give what is asked for.</summary>
    Unreadable = 6,

    /// <summary>The receiver did not keep to the protocol.</summary>
    Violation = 7,
}

/// <summary>The records of a transfer, version 1. A receiver asks, and the sender answers; nothing else is sent.
/// </summary>
public static class TransferRecords
{
    /// <summary>Receiver: which layer it wants. Answered by <see cref="Header"/> or <see cref="Refused"/>.</summary>
    /// <param name="Receiver">The asking side.</param>
    /// <param name="Layer">By its chain id.</param>
    /// <param name="Content">The copy's digest, as the fleet knows it.</param>
    /// <param name="PieceSize">The receiver's.</param>
    /// <param name="Expected">The layer's device, if the receiver knows it.</param>
    /// <param name="HasMap">The receiver has the layer's content map: none is sent.</param>
    /// <param name="Ancestors">Copies that the receiver has and could receive upon, the nearest first.</param>
    public sealed record Ask(
        TransferParty Receiver, ChainId Layer, ContentDigest Content, TransferPriority Priority, PieceSize PieceSize,
        LayerShape? Expected, bool HasMap, ImmutableArray<ContentDigest> Ancestors) : TransferRecord;

    /// <summary>Receiver, after a header: these pieces, in this order. Answered by data and <see cref="End"/>.
    /// </summary>
    /// <param name="Whole">Whole pieces, not only what changed in them since the base.</param>
    /// <param name="Wanted">One piece at least; without overlaps.</param>
    public sealed record AskPieces(bool Whole, ImmutableArray<PieceRange> Wanted) : TransferRecord;

    /// <summary>Sender: what it is about to send. The map follows, unless the receiver has it.</summary>
    /// <param name="Sender">The sending side.</param>
    /// <param name="Receiver">The asking side, as it named itself: an answer for another one is refused.</param>
    /// <param name="Base">Of the receiver's ancestors the nearest that the sender has; null: whole.</param>
    /// <param name="Content">What the device holds in the end.</param>
    /// <param name="Changed">How many pieces differ from the base's; without a base, are not zeros.</param>
    public sealed record Header(
        TransferParty Sender, TransferParty Receiver, LayerShape Shape, ContentDigest? Base, ContentDigest Content,
        PieceSize PieceSize, ulong Changed) : TransferRecord;

    /// <summary>Sender: what neighbouring changed pieces hold. The records of a map ascend.</summary>
    public sealed record Hashes(ulong First, ImmutableArray<PieceHash> Pieces) : TransferRecord;

    /// <summary>Sender: neighbouring pieces that became zeros. No data of theirs is sent.</summary>
    public sealed record ZeroPieces(PieceRange Pieces) : TransferRecord;

    /// <summary>Sender: all changed pieces were named.</summary>
    public sealed record MapEnd(ulong Changed) : TransferRecord;

    /// <summary>Sender: bytes of the piece that is under way. They are the reader's own until it reads on.</summary>
    public sealed record Data(ByteSize Offset, ReadOnlyMemory<byte> Bytes) : TransferRecord;

    /// <summary>Sender: zeros in the piece that is under way.</summary>
    public sealed record Zeros(ByteRange Range) : TransferRecord;

    /// <summary>Sender: all of the piece was sent that differs from the base's; or all of it.</summary>
    public sealed record PieceEnd(ulong Piece) : TransferRecord;

    /// <summary>Sender, first of what answers <see cref="AskPieces"/>, if it received the layer itself when it was
    /// asked for it: all the pieces that it does not have yet, asked for or not. None: it has all by now.</summary>
    /// <param name="Pieces">Those of the map; others may be among them.</param>
    public sealed record Lacking(ImmutableArray<PieceRange> Pieces) : TransferRecord;

    /// <summary>Sender: all that was asked for was sent, or is missing.</summary>
    /// <param name="Pieces">How many pieces were sent.</param>
    /// <param name="Missing">How many the sender does not have yet, since it still receives the layer itself.</param>
    /// <param name="DataBytes">How many bytes the data records stand for.</param>
    /// <param name="ZeroBytes">How many bytes the records of zeros stand for.</param>
    /// <param name="Content">As in the header.</param>
    public sealed record End(ulong Pieces, ulong Missing, ulong DataBytes, ulong ZeroBytes, ContentDigest Content)
        : TransferRecord;

    /// <summary>Sender, between a question for a layer and its header: it still seeks the difference, which may take
    /// longer than a receiver waits for a byte.</summary>
    public sealed record KeepAlive : TransferRecord;

    /// <summary>Sender: it does not send, and why. The connection ends.</summary>
    public sealed record Refused(TransferRefusal Why, string Reason) : TransferRecord;
}

/// <summary>What one side sends to the other.</summary>
public abstract record TransferRecord;
