namespace DmAgents.Transfer.Connections;

/// <summary>What a connection waits for, and how fast it sends.</summary>
public sealed record ConnectionSettings
{
    /// <summary>No byte for so long, while one is waited for, ends a connection; never its duration.</summary>
    public TimeSpan StalledAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a sender waits for a receiver's next question: it may be busy with its disk.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a receiver waits before it connects again, after a connection that brought nothing; doubled
    /// after each further one.</summary>
    public TimeSpan PauseAfterFailure { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest of these pauses.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>After so many connections in a row that brought nothing the layer is given up: with these pauses half
    /// an hour, if no source answers.</summary>
    public int ConnectionsInVain { get; init; } = 35;

    /// <summary>How long a receiver waits before it seeks a further source again, after a search that found none;
    /// doubled after each further one.</summary>
    public TimeSpan SeekAfter { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>From here on these pauses do not grow.</summary>
    public TimeSpan SeekAtLeastAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>One transfer's limit of bytes on the wire; null: none but the host's.</summary>
    public long? BytesPerSecond { get; init; }
}
