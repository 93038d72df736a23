using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Care;

/// <summary>What trimming one file system gave.</summary>
/// <param name="HandedDown">What the file system does not use.</param>
/// <param name="GivenBack">What became free in the pool.</param>
/// <param name="Unmapped">What the device does not map any more; a layer may have some of it still.</param>
public sealed record TrimmedDevice(DeviceKey Key, ByteSize HandedDown, ByteSize GivenBack, ByteSize Unmapped);

/// <summary>
/// A round over the file systems of a pool that can be trimmed: one after the other, each in pieces. Not kept over a
/// restart: what was trimmed costs little to be trimmed again.
/// </summary>
/// <param name="Waiting">Whose turn comes; the first of them now.</param>
/// <param name="Done">Those that were trimmed to their end.</param>
/// <param name="Start">Where the next piece of the first begins.</param>
/// <param name="Piece">How long it is at most.</param>
/// <param name="Current">What the pieces of the first gave so far.</param>
public sealed record TrimRound(
    ImmutableList<ThinId> Waiting, ImmutableList<TrimmedDevice> Done, ByteSize Start, ByteSize Piece,
    (ByteSize HandedDown, ByteSize GivenBack, ByteSize Unmapped) Current)
{
    /// <summary>A block group of ext4: it remembers of whole ones that they are trimmed, until something in them is
    /// freed.</summary>
    public static ByteSize Unit { get; } = ByteSize.MiB(128);

    public static ByteSize MostPiece { get; } = ByteSize.GiB(4);

    public bool IsDone => Waiting.IsEmpty;

    public ByteSize HandedDown => Sum(device => device.HandedDown);

    public ByteSize GivenBack => Sum(device => device.GivenBack);

    public ByteSize Unmapped => Sum(device => device.Unmapped);

    /// <summary>A round over all that may have a writable mount now.</summary>
    public static TrimRound Over(PoolState state) => new(
        [.. state.Devices.Values.Where(IsCandidate).OrderBy(d => d.Key.ToString(), StringComparer.Ordinal)
            .Select(d => d.Id)],
        [], ByteSize.Zero, Unit, default);

    /// <summary>What is live for its owner, and written by him.</summary>
    public static bool IsCandidate(DeviceRecord device) => device is
    {
        Kind: DeviceKind.Container, Phase: DevicePhase.Ready, Use: not DeviceUse.Idle, ReadOnly: false,
        Key.IsStock: false,
    };

    /// <summary>How long the next piece of this device is. xfs hands a free extent down whole with each piece that
    /// touches it: small ones would do the same work again and again.</summary>
    public ByteSize PieceOf(DeviceRecord device) => device.FileSystem == FileSystemKind.Xfs ? MostPiece : Piece;

    /// <summary>The first has nothing that could be trimmed, or not now.</summary>
    public TrimRound Passed() => Next(Done);

    /// <summary>A piece of the first is done.</summary>
    /// <param name="device">The first.</param>
    /// <param name="trimmed">What the piece gave.</param>
    /// <param name="took">How long it took.</param>
    public TrimRound After(DeviceRecord device, TrimmedRange trimmed, TimeSpan took)
    {
        var total = (
            HandedDown: Current.HandedDown + trimmed.HandedDown, GivenBack: Current.GivenBack + trimmed.GivenBack,
            Unmapped: Current.Unmapped + trimmed.Unmapped);
        var end = Start + PieceOf(device);
        var piece = new ByteSize(
            BackgroundPace.NextPiece(Piece.Bytes / Unit.Bytes, took, 1, MostPiece.Bytes / Unit.Bytes) * Unit.Bytes);
        return trimmed.IsEnd || end >= device.Size
            ? Next(Done.Add(new TrimmedDevice(device.Key, total.HandedDown, total.GivenBack, total.Unmapped))) with
            {
                Piece = piece,
            }
            : this with { Start = end, Piece = piece, Current = total };
    }

    private TrimRound Next(ImmutableList<TrimmedDevice> done) => this with
    {
        Waiting = Waiting.RemoveAt(0), Done = done, Start = ByteSize.Zero, Current = default,
    };

    private ByteSize Sum(Func<TrimmedDevice, ByteSize> of) =>
        Done.Aggregate(ByteSize.Zero, (sum, device) => sum + of(device));
}

/// <summary>What trimming a range of a file system gave.</summary>
/// <param name="HandedDown">What the file system does not use of it.</param>
/// <param name="GivenBack">What became free in the pool: whole blocks that no other device maps.</param>
/// <param name="Unmapped">What the device does not map any more: whole blocks, shared ones among them.</param>
/// <param name="IsEnd">The range lies beyond the file system's end.</param>
public sealed record TrimmedRange(ByteSize HandedDown, ByteSize GivenBack, ByteSize Unmapped, bool IsEnd);
