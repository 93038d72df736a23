using System.Collections.Immutable;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>Which layer is received.</summary>
/// <param name="Content">The digest that the fleet knows for it.</param>
/// <param name="Expected">The layer's device, if it is known.</param>
/// <param name="Ancestors">Maps of the copies in the pool that it could be received upon, the nearest first.</param>
public sealed record ReceiveRequest(
    ChainId Layer, ContentDigest Content, TransferPriority Priority, LayerShape? Expected,
    ImmutableArray<ContentMap> Ancestors);

/// <summary>How a host receives.</summary>
/// <param name="LargestDevice">A layer whose device is longer is refused.</param>
public sealed record ReceiverSettings(TransferParty Pool, PieceSize PieceSize, ByteSize LargestDevice)
{
    /// <summary>Pieces that wait for the disk, each with one or two buffers of a piece's size; and so many jobs that
    /// make zeros beside them.</summary>
    public int PiecesInMemory { get; init; } = 4;

    /// <summary>Pieces between two syncs: so many are sent again after a crash at most.</summary>
    public int SyncEvery { get; init; } = 64;

    /// <summary>Pieces in one question.</summary>
    public int AskAtOnce { get; init; } = 1024;

    /// <summary>Sources at once.</summary>
    public int MaxSources { get; init; } = 1;

    /// <summary>How far within the pieces that come the first one is that is asked for: from 0 to below 1.
    /// Receivers of one layer begin at different ones, and serve each other.</summary>
    public double FirstPart { get; init; }

    /// <summary>By which a receiver chooses where it goes on, once it comes to pieces that another one has.
    /// Receivers of one layer have different ones.</summary>
    public int Seed { get; init; }

    /// <summary>A source that owes a piece for so long is left, if another one has what it was asked for.</summary>
    public TimeSpan SlowAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>When a source that still receives the layer itself is asked for more.</summary>
    public TimeSpan AskAgainAfter { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>For how long such a source may have nothing that is missing here.</summary>
    public TimeSpan NothingNewFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long a source may seek the difference before its header: it reads the metadata of a pool, a few
    /// minutes for the largest.</summary>
    public TimeSpan HeaderWithin { get; init; } = TimeSpan.FromHours(1);

    /// <summary>All of the device is read back before the commit, not only what was received: for a base that is in
    /// doubt, and for a device with pool blocks above 1 MiB into which an agent that died had received
    /// (<see cref="Domain.Ports.IReceivingDevice"/>).</summary>
    public bool ReadsAllBack { get; init; }
}
