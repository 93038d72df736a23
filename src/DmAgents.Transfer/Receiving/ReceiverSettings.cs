using System.Collections.Immutable;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>The layer to receive.</summary>
/// <param name="Content">The digest that the fleet knows for it.</param>
/// <param name="Expected">The layer's device, if it is known.</param>
/// <param name="Ancestors">Maps of the pool's copies that can be the base, the nearest first.</param>
public sealed record ReceiveRequest(
    ChainId Layer, ContentDigest Content, TransferPriority Priority, LayerShape? Expected,
    ImmutableArray<ContentMap> Ancestors);

/// <summary>A host's settings for receiving.</summary>
/// <param name="LargestDevice">A layer with a larger device is refused.</param>
public sealed record ReceiverSettings(TransferParty Pool, PieceSize PieceSize, ByteSize LargestDevice)
{
    /// <summary>The maximum of pieces that wait for the disk, each with one or two buffers of a piece's size; also the
    /// maximum of concurrent zeroing jobs.</summary>
    public int PiecesInMemory { get; init; } = 4;

    /// <summary>Pieces between two syncs: a crash costs at most this many, which are sent again.</summary>
    public int SyncEvery { get; init; } = 64;

    /// <summary>The maximum of pieces in one request.</summary>
    public int AskAtOnce { get; init; } = 1024;

    /// <summary>The maximum of concurrent sources.</summary>
    public int MaxSources { get; init; } = 1;

    /// <summary>The position of the first requested piece among those to come: from 0 to below 1. Receivers of one
    /// layer start at different positions and serve each other.</summary>
    public double FirstPart { get; init; }

    /// <summary>About how many pieces differ from the layer below, equal at all receivers of the layer. Null: as many as
    /// its map has.</summary>
    public ulong? ChangedPieces { get; init; }

    /// <summary>Seed for positions in other receivers' shares, and for the time for which the last pieces are left to
    /// them. Receivers of one layer have different seeds.</summary>
    public int Seed { get; init; }

    /// <summary>A source that has owed a piece for this long is dropped if another source has what it was asked
    /// for.</summary>
    public TimeSpan SlowAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause before the next request to a source that still receives the layer itself.</summary>
    public TimeSpan AskAgainAfter { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long such a source may have nothing that is missing here.</summary>
    public TimeSpan NothingNewFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a source may search for the difference before its header: it reads a pool's metadata, which
    /// takes a few minutes for the largest.</summary>
    public TimeSpan HeaderWithin { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Read the whole device back before the commit, not only what was received. Used for a doubtful base, and
    /// for a device with pool blocks above 1 MiB into which a crashed agent was receiving
    /// (<see cref="Domain.Ports.IReceivingDevice"/>).</summary>
    public bool ReadsAllBack { get; init; }
}
