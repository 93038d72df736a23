namespace DmAgents.Actors.Journals;

/// <summary>How much history the journal keeps; config/dmagents.conf explains it.</summary>
/// <param name="KeepEvents">Events of each pool before its latest snapshot; null: all of them.</param>
public sealed record JournalSettings(long? KeepEvents)
{
    /// <summary>About 1,600 lives of containers, in 6 MiB.</summary>
    public static JournalSettings Default { get; } = new(10_000);

    /// <summary>The sequence number below which events are not needed and not kept. The snapshot's own event stays in
    /// any case: the journal tells the highest number that was given by its rows.</summary>
    public long FirstKept(long snapshot) =>
        KeepEvents is { } keep ? Math.Clamp(snapshot - keep + 1, 0, snapshot) : 0;
}
