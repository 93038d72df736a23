namespace DmAgents.Transfer.Connections;

/// <summary>A connection's time limits and its rate.</summary>
public sealed record ConnectionSettings
{
    /// <summary>A connection ends if no byte arrives for this time while one is expected. Its total duration is
    /// unlimited.</summary>
    public TimeSpan StalledAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a sender waits for a receiver's next request: the receiver may be busy with its
    /// disk.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a receiver waits before it reconnects, after a connection that brought nothing. Doubles after
    /// each further one.</summary>
    public TimeSpan PauseAfterFailure { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest of these pauses.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>After this many consecutive connections that brought nothing, the reception is abandoned: after half an
    /// hour with these pauses, if no source answers.</summary>
    public int ConnectionsInVain { get; init; } = 35;

    /// <summary>How long a receiver waits before it looks for a further source again, after a search without result.
    /// Doubles after each further one.</summary>
    public TimeSpan SeekAfter { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Above this value these pauses no longer grow.</summary>
    public TimeSpan SeekAtLeastAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>One transfer's limit of bytes per second on the wire; null: only the host's limit applies.</summary>
    public long? BytesPerSecond { get; init; }
}
