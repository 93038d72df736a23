using DmAgents.Domain.Layers;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Wire;

/// <summary>The maximum sizes. A peer that exceeds one is refused before anything is allocated for it.</summary>
public static class WireLimits
{
    /// <summary>Bytes of a layer in one chunk: large enough to compress well, small enough that a slow link moves one
    /// within the stall limit.</summary>
    public const int Chunk = 256 * 1024;

    /// <summary>Hashes in one record.</summary>
    public const int Hashes = 1024;

    /// <summary>Ancestors in an Ask; containerd stacks at most 128 layers.</summary>
    public const int Ancestors = 256;

    /// <summary>Ranges in one request for pieces, and in each list of missing pieces.</summary>
    public const int Ranges = 1024;

    /// <summary>Bytes of a reason.</summary>
    public const int Reason = 1024;

    /// <summary>Bytes of a layer's name: <c>sha512:</c> and 128 digits are 135.</summary>
    public const int LayerName = 160;

    /// <summary>Bytes of any record's payload.</summary>
    public const int Payload = Chunk + 64;

    internal static int Of(RecordType type) => type switch
    {
        RecordType.Ask => 512 + Ancestors * ContentDigest.Length,
        RecordType.AskPieces => 16 + Ranges * 16,
        RecordType.Lacking => 16 + 2 * Ranges * 16,
        RecordType.Hashes => 16 + Hashes * PieceHash.Length,
        RecordType.Refused => 16 + Reason,
        RecordType.Data => Payload,
        _ => 256,
    };
}

/// <summary>The type of a record on the wire. A number never changes its meaning.</summary>
internal enum RecordType : byte
{
    Ask = 1,
    AskPieces = 2,
    Header = 16,
    Hashes = 17,
    ZeroPieces = 18,
    MapEnd = 19,
    Data = 20,
    Zeros = 21,
    PieceEnd = 22,
    End = 23,
    Refused = 24,
    KeepAlive = 25,
    Lacking = 26,
}

/// <summary>The side whose records are read.</summary>
public enum WireSide
{
    /// <summary>Asks.</summary>
    Receiver,

    /// <summary>Answers.</summary>
    Sender,
}
