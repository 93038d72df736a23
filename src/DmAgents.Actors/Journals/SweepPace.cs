namespace DmAgents.Actors.Journals;

/// <summary>
/// How many rows are deleted at a time, and how long the pause after them is. SQLite has one writer: a prepare that
/// comes during a piece waits for its end, so a piece is short, and pauses leave most of the time to others.
/// </summary>
public sealed record SweepPace(int Rows)
{
    private const int FewestRows = 50;
    private const int MostRows = 1000;

    /// <summary>Pauses are so many times as long as the piece before.</summary>
    private const int PauseFactor = 4;

    private static readonly TimeSpan TooShort = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan TooLong = TimeSpan.FromMilliseconds(8);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);

    public static SweepPace Initial { get; } = new(200);

    /// <param name="took">How long the latest piece took.</param>
    public static TimeSpan PauseAfter(TimeSpan took) =>
        took * PauseFactor > ShortestPause ? took * PauseFactor : ShortestPause;

    public SweepPace After(TimeSpan took) =>
        took > TooLong ? new SweepPace(Math.Max(Rows / 2, FewestRows))
        : took < TooShort ? new SweepPace(Math.Min(Rows * 2, MostRows))
        : this;
}
