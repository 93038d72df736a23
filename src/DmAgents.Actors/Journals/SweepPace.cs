namespace DmAgents.Actors.Journals;

/// <summary>How many rows are deleted at a time, and how long the pause after them is. SQLite has one writer: a prepare
/// that arrives during a piece waits for its end. Pieces are therefore short, and pauses leave most of the time to
/// other writers.</summary>
public static class SweepPace
{
    /// <summary>A few milliseconds of work on a common disk.</summary>
    public const int Rows = 500;

    /// <summary>A pause is this many times as long as the piece before.</summary>
    private const int PauseFactor = 4;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);

    /// <param name="took">How long the latest piece took, including its wait for other writers.</param>
    /// <param name="isBehind">Events arrive faster than they are deleted: the file would grow without bound.</param>
    public static TimeSpan PauseAfter(TimeSpan took, bool isBehind) =>
        isBehind ? took / PauseFactor
        : took * PauseFactor > ShortestPause ? took * PauseFactor
        : ShortestPause;
}
