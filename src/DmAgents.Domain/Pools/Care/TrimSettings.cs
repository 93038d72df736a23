using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Care;

/// <summary>When mounted file systems are trimmed, and how fast.</summary>
/// <param name="Interval">From the end of one round to the start of the next; null: only on request.</param>
/// <param name="BytesPerSecond">The maximum rate of discards; null: limited only by the share of time.</param>
public sealed record TrimSettings(TimeSpan? Interval, ByteSize? BytesPerSecond)
{
    public static TrimSettings Never { get; } = new(null, null);

    /// <summary>The interval between rounds of a pool below its marks: a round finds what was freed since the last
    /// one.</summary>
    public static TimeSpan HastenedInterval { get; } = TimeSpan.FromMinutes(10);

    /// <summary>When the next round is due; null: never.</summary>
    /// <param name="last">When the last round ended, or the pool was made.</param>
    /// <param name="isHastened">The pool is below its marks.</param>
    public DateTimeOffset? Due(DateTimeOffset last, bool isHastened) =>
        Interval is not { } interval ? null
        : isHastened && HastenedInterval < interval ? last + HastenedInterval
        : last + interval;

    /// <summary>How long to pause after a piece, to stay below the limits of time and bandwidth.</summary>
    public TimeSpan PauseAfter(TimeSpan took, ByteSize handedDown, BackgroundPace pace)
    {
        var pause = pace.PauseAfter(took);
        if (BytesPerSecond is not { } limit)
            return pause;
        var budgeted = TimeSpan.FromSeconds((double)handedDown.Bytes / limit.Bytes) - took;
        return budgeted > pause ? budgeted : pause;
    }
}

/// <summary>A finished round over a pool's mounted file systems.</summary>
/// <param name="At">When it ended.</param>
/// <param name="FileSystems">How many were trimmed.</param>
/// <param name="HandedDown">What they do not use, including parts that were never written.</param>
/// <param name="GivenBack">What of it returned to the pool.</param>
/// <param name="Unmapped">What the devices no longer map; layers may still map it. Null in earlier journals: then
/// GivenBack may have this value.</param>
public sealed record TrimRecord(
    DateTimeOffset At, int FileSystems, ByteSize HandedDown, ByteSize GivenBack, ByteSize? Unmapped = null);
