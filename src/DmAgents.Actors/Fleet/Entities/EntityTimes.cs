namespace DmAgents.Actors.Fleet.Entities;

/// <summary>Times and numbers of a fleet's entities.</summary>
public sealed record EntityTimes
{
    public static EntityTimes Default { get; } = new();

    /// <summary>An entity that nothing is asked of for so long leaves memory; the next message recovers it.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a question waits for its answer: a recovery may be part of it.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>After so long a question is sent again: what is on its way to an entity that moves or stops may be
    /// lost. Commands may come twice.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>After the gate has closed, so much longer for answers that need no database.</summary>
    public TimeSpan LastWords { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Between two of the journal's rows in a recovery, and for each call of the journal.</summary>
    public TimeSpan Journal { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A snapshot follows so many events: a recovery replays fewer than these.</summary>
    public int EventsPerSnapshot { get; init; } = 100;

    /// <summary>Events that stay behind the latest snapshot, for people.</summary>
    public int KeptEvents { get; init; } = 400;

    /// <summary>Recoveries at a time on one host: fewer than connections, so that writes find one.</summary>
    public int Recoveries { get; init; } = 10;
}
