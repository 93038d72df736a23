using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Care;

/// <summary>The result of trimming one file system.</summary>
/// <param name="HandedDown">What the file system does not use.</param>
/// <param name="GivenBack">What became free in the pool.</param>
/// <param name="Unmapped">What the device no longer maps; a layer may still map some of it.</param>
public sealed record TrimmedDevice(DeviceKey Key, ByteSize HandedDown, ByteSize GivenBack, ByteSize Unmapped);

/// <summary>
/// A round over the file systems of a pool that can be trimmed: one after the other, each in pieces. Not kept over a
/// restart: trimming again what was trimmed costs little.
/// </summary>
/// <param name="Waiting">The devices still to be trimmed; the first one is current.</param>
/// <param name="Done">The devices that were trimmed completely.</param>
/// <param name="Start">Where the current device's next piece begins.</param>
/// <param name="Piece">The maximum length of that piece.</param>
/// <param name="Current">The results of the current device so far.</param>
public sealed record TrimRound(
    ImmutableList<ThinId> Waiting, ImmutableList<TrimmedDevice> Done, ByteSize Start, ByteSize Piece,
    (ByteSize HandedDown, ByteSize GivenBack, ByteSize Unmapped) Current)
{
    /// <summary>A block group of ext4: ext4 remembers that a whole group is trimmed until something in it is
    /// freed.</summary>
    public static ByteSize Unit { get; } = ByteSize.MiB(128);

    public static ByteSize MostPiece { get; } = ByteSize.GiB(4);

    public bool IsDone => Waiting.IsEmpty;

    public ByteSize HandedDown => Sum(device => device.HandedDown);

    public ByteSize GivenBack => Sum(device => device.GivenBack);

    public ByteSize Unmapped => Sum(device => device.Unmapped);

    /// <summary>A round over all devices that may have a writable mount.</summary>
    public static TrimRound Over(PoolState state) => new(
        [.. state.Devices.Values.Where(IsCandidate).OrderBy(d => d.Key.ToString(), StringComparer.Ordinal)
            .Select(d => d.Id)],
        [], ByteSize.Zero, Unit, default);

    /// <summary>The device is live and writable for its owner.</summary>
    public static bool IsCandidate(DeviceRecord device) => device is
    {
        Kind: DeviceKind.Container, Phase: DevicePhase.Ready, Use: not DeviceUse.Idle, ReadOnly: false,
        Key.IsStock: false,
    };

    /// <summary>The length of the device's next piece. xfs discards a whole free extent for each piece that touches it:
    /// small pieces would repeat the same work.</summary>
    public ByteSize PieceOf(DeviceRecord device) => device.FileSystem == FileSystemKind.Xfs ? MostPiece : Piece;

    /// <summary>Skips the current device, which cannot be trimmed, or not now.</summary>
    public TrimRound Passed() => Next(Done);

    /// <summary>Records a finished piece of the current device.</summary>
    /// <param name="device">The current device.</param>
    /// <param name="trimmed">The piece's result.</param>
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

/// <summary>The result of trimming a range of a file system.</summary>
/// <param name="HandedDown">What the file system does not use of the range.</param>
/// <param name="GivenBack">What became free in the pool: whole blocks that no other device maps.</param>
/// <param name="Unmapped">What the device no longer maps: whole blocks, including shared ones.</param>
/// <param name="IsEnd">The range lies beyond the file system's end.</param>
public sealed record TrimmedRange(ByteSize HandedDown, ByteSize GivenBack, ByteSize Unmapped, bool IsEnd);
