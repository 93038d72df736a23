namespace DmAgents.Domain.Pools.Care;

/// <summary>The share of time that background work may take from foreground requests.</summary>
/// <param name="SharePercent">Above 0, at most 100. After each piece, the work pauses so long that it uses at most this
/// share of the time.</param>
public sealed record BackgroundPace(double SharePercent)
{
    /// <summary>A piece that takes longer is halved for the next time; one that takes less than half of it is doubled.
    /// A request that arrives during a piece waits for its end, and a durable write takes about this long
    /// itself.</summary>
    public static TimeSpan PieceTime { get; } = TimeSpan.FromMilliseconds(5);

    public static BackgroundPace Default { get; } = new(33);

    /// <summary>How long to pause after a piece of this duration.</summary>
    public TimeSpan PauseAfter(TimeSpan took) => took * ((100 - SharePercent) / SharePercent);

    /// <summary>The size of the next piece.</summary>
    public static ulong NextPiece(ulong size, TimeSpan took, ulong least, ulong most) => Math.Clamp(
        took > PieceTime ? size / 2 : took < PieceTime / 2 ? size * 2 : size, least, most);
}
