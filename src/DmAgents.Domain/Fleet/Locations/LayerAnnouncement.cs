using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>A host's announcement of its layers in one bucket.</summary>
/// <param name="Whole">True: the host has exactly <paramref name="Present"/>. False: a change to its previous
/// announcement.</param>
/// <param name="Present">Layers that it has.</param>
/// <param name="Absent">Layers that it no longer has; empty in a whole announcement.</param>
public sealed record LayerAnnouncement(
    Stamp Stamp, bool Whole, ImmutableArray<LayerHolding> Present, ImmutableArray<ChainId> Absent)
{
    public static LayerAnnouncement Everything(Stamp stamp, IEnumerable<LayerHolding> present) =>
        new(stamp, Whole: true, [.. present], []);

    public static LayerAnnouncement Change(
        Stamp stamp, IEnumerable<LayerHolding> present, IEnumerable<ChainId> absent) =>
        new(stamp, Whole: false, [.. present], [.. absent]);
}

/// <summary>A part of an announcement, small enough for one message.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Count">The number of parts of the announcement.</param>
public sealed record AnnouncementPart(
    Stamp Stamp, bool Whole, int Index, int Count, ImmutableArray<LayerHolding> Present,
    ImmutableArray<ChainId> Absent)
{
    /// <summary>Remoting silently drops a message above 128,000 bytes. A part leaves room for its envelope.</summary>
    public const int MaxBytes = 100_000;

    /// <summary>A bucket of 977 layers (a million in the fleet) takes 3; this limits the receiver's memory.</summary>
    public const int MaxCount = 256;

    /// <summary>Field names, stamp, numbers and the message around the part.</summary>
    private const int Envelope = 2_000;

    /// <summary>Field names, quotes and separators of one holding in JSON, rounded up.</summary>
    private const int PerItem = 80;

    /// <summary>"blake3:" and 64 digits.</summary>
    private const int DigestText = 71;

    /// <summary>Splits an announcement into parts, each below <see cref="MaxBytes"/> as JSON. At least one.</summary>
    /// <exception cref="ArgumentException">It would take more than <see cref="MaxCount"/> parts: the bucket has tens of
    /// thousands of one host's layers, which a fleet of this design does not have.</exception>
    public static ImmutableArray<AnnouncementPart> Split(LayerAnnouncement announcement)
    {
        var pieces = new List<(ImmutableArray<LayerHolding> Present, ImmutableArray<ChainId> Absent)>();
        var present = ImmutableArray.CreateBuilder<LayerHolding>();
        var absent = ImmutableArray.CreateBuilder<ChainId>();
        var bytes = Envelope;
        foreach (var holding in announcement.Present)
        {
            Reserve(SizeOf(holding));
            present.Add(holding);
        }
        foreach (var layer in announcement.Absent)
        {
            Reserve(SizeOf(layer));
            absent.Add(layer);
        }
        pieces.Add((present.ToImmutable(), absent.ToImmutable()));
        if (pieces.Count > MaxCount)
            throw new ArgumentException($"{pieces.Count} parts of at most {MaxCount}", nameof(announcement));
        return
        [
            .. pieces.Select((piece, index) => new AnnouncementPart(
                announcement.Stamp, announcement.Whole, index, pieces.Count, piece.Present, piece.Absent)),
        ];

        void Reserve(int size)
        {
            if (bytes + size > MaxBytes)
            {
                pieces.Add((present.ToImmutable(), absent.ToImmutable()));
                present.Clear();
                absent.Clear();
                bytes = Envelope;
            }
            bytes += size;
        }
    }

    /// <summary>An upper bound of the part's JSON.</summary>
    public int EstimatedBytes => Envelope + Present.Sum(SizeOf) + Absent.Sum(SizeOf);

    private static int SizeOf(LayerHolding holding) => PerItem + DigestText + holding.Layer.Value.Length;

    private static int SizeOf(ChainId layer) => PerItem + layer.Value.Length;
}
