namespace DmAgents.Domain.Pools.Care;

/// <summary>How much of the time background work may take from whoever works in the foreground.</summary>
/// <param name="SharePercent">Above 0, and 100 at most: work that has taken so long pauses until it has had no more
/// than this part of the time.</param>
public sealed record BackgroundPace(double SharePercent)
{
    /// <summary>A piece that takes longer than this is halved for the next time, one that takes less than half of it is
    /// doubled: whoever comes in the middle of a piece waits for its end, and a durable write takes about as long
    /// itself.</summary>
    public static TimeSpan PieceTime { get; } = TimeSpan.FromMilliseconds(5);

    public static BackgroundPace Default { get; } = new(33);

    /// <summary>How long to pause after a piece that took so long.</summary>
    public TimeSpan PauseAfter(TimeSpan took) => took * ((100 - SharePercent) / SharePercent);

    /// <summary>How large the next piece is.</summary>
    public static ulong NextPiece(ulong size, TimeSpan took, ulong least, ulong most) => Math.Clamp(
        took > PieceTime ? size / 2 : took < PieceTime / 2 ? size * 2 : size, least, most);
}
