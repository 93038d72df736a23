namespace DmAgents.Actors.Fleet.Entities;

/// <summary>Times and limits of a fleet's entities.</summary>
public sealed record EntityTimes
{
    public static EntityTimes Default { get; } = new();

    /// <summary>An entity without messages for this long leaves memory; the next message recovers it.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a request waits for its answer, which may include a recovery.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A request is repeated after this time: messages to an entity that moves or stops may be lost. Commands
    /// may arrive twice.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Extra time after the gate has closed, for answers that need no database.</summary>
    public TimeSpan LastWords { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Limit between two rows of the journal in a recovery, and for each call of the journal.</summary>
    public TimeSpan Journal { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A snapshot is stored after this many events: a recovery replays fewer.</summary>
    public int EventsPerSnapshot { get; init; } = 100;

    /// <summary>Events kept before the latest snapshot, for operators.</summary>
    public int KeptEvents { get; init; } = 400;

    /// <summary>Concurrent recoveries on one host: fewer than connections, so that writes find one.</summary>
    public int Recoveries { get; init; } = 10;
}
