using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Care;

/// <summary>When mounted file systems are trimmed, and how fast.</summary>
/// <param name="Interval">From the end of one round to the begin of the next; null: only on request.</param>
/// <param name="BytesPerSecond">How much is handed down at most; null: as much as the share of time allows.</param>
public sealed record TrimSettings(TimeSpan? Interval, ByteSize? BytesPerSecond)
{
    public static TrimSettings Never { get; } = new(null, null);

    /// <summary>Between two rounds of a pool that is below its marks: what was freed meanwhile is what a round finds.
    /// </summary>
    public static TimeSpan HastenedInterval { get; } = TimeSpan.FromMinutes(10);

    /// <summary>When the next round is due; null: never.</summary>
    /// <param name="last">When the last one ended, or the pool was made.</param>
    /// <param name="isHastened">The pool is below its marks.</param>
    public DateTimeOffset? Due(DateTimeOffset last, bool isHastened) =>
        Interval is not { } interval ? null
        : isHastened && HastenedInterval < interval ? last + HastenedInterval
        : last + interval;

    /// <summary>How long to pause after a piece, so that neither time nor bandwidth is exceeded.</summary>
    public TimeSpan PauseAfter(TimeSpan took, ByteSize handedDown, BackgroundPace pace)
    {
        var pause = pace.PauseAfter(took);
        if (BytesPerSecond is not { } limit)
            return pause;
        var budgeted = TimeSpan.FromSeconds((double)handedDown.Bytes / limit.Bytes) - took;
        return budgeted > pause ? budgeted : pause;
    }
}

/// <summary>A round over a pool's mounted file systems that has ended.</summary>
/// <param name="At">When it ended.</param>
/// <param name="FileSystems">How many were trimmed.</param>
/// <param name="HandedDown">What they do not use; never-written parts are among it.</param>
/// <param name="GivenBack">What the pool has back of it.</param>
/// <param name="Unmapped">What the devices do not map any more, and layers may have still; null where that was not yet
/// journaled: then what the pool has back may be that.</param>
public sealed record TrimRecord(
    DateTimeOffset At, int FileSystems, ByteSize HandedDown, ByteSize GivenBack, ByteSize? Unmapped = null);
