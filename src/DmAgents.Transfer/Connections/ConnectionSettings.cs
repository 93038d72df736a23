namespace DmAgents.Transfer.Connections;

/// <summary>What a connection waits for, and how fast it sends.</summary>
public sealed record ConnectionSettings
{
    /// <summary>No byte for so long, while one is waited for, ends a connection; never its duration.</summary>
    public TimeSpan StalledAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a sender waits for a receiver's next question: it may be busy with its disk.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>One transfer's limit of bytes on the wire; null: none but the host's.</summary>
    public long? BytesPerSecond { get; init; }
}
