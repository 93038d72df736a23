namespace DmAgents.Actors.Journals;

/// <summary>How much history the journal keeps; config/dmagents.conf explains it.</summary>
/// <param name="KeepEvents">Events of each pool before its latest snapshot; null: all of them.</param>
public sealed record JournalSettings(long? KeepEvents)
{
    /// <summary>About 1,600 container lifetimes, in 6 MiB.</summary>
    public static JournalSettings Default { get; } = new(10_000);

    /// <summary>The sequence number below which events are neither needed nor kept. The snapshot's own event always
    /// stays: the journal derives the highest assigned number from its rows.</summary>
    public long FirstKept(long snapshot) =>
        KeepEvents is { } keep ? Math.Clamp(snapshot - keep + 1, 0, snapshot) : 0;
}
