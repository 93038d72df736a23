namespace DmAgents.Transfer.Pacing;

/// <summary>
/// A rate limit in bytes per second, with a limited burst after a pause. Pure: callers pass the time of one monotonic
/// clock.
/// </summary>
/// <remarks>Any number of bytes may be taken while the level is not below zero. The level then stays below zero until
/// the rate has made up for it, so that over time the rate holds for slices of any length.</remarks>
public sealed class TokenBucket
{
    private readonly double _rate;
    private readonly double _burst;
    private double _level;
    private TimeSpan _at;

    /// <param name="bytesPerSecond">Above zero.</param>
    /// <param name="burst">The bytes that a pause saves up.</param>
    public TokenBucket(long bytesPerSecond, long burst, TimeSpan now)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerSecond);
        ArgumentOutOfRangeException.ThrowIfNegative(burst);
        (_rate, _burst, _level, _at) = (bytesPerSecond, burst, burst, now);
    }

    /// <summary>The time until bytes may be taken, in whole milliseconds; zero: no wait.</summary>
    /// <remarks>Timers drop fractions of a millisecond. A wait that is not rounded up here would end too early, and one
    /// below a millisecond at once, so that the caller would spin. The bytes of the extra time are not lost.</remarks>
    public TimeSpan Wait(TimeSpan now)
    {
        Fill(now);
        if (_level >= 0)
            return TimeSpan.Zero;
        // One tick more: after a wait of exactly this length, rounding may leave the level slightly below zero.
        var ticks = TimeSpan.FromSeconds(-_level / _rate).Ticks + 1;
        return TimeSpan.FromMilliseconds((ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond);
    }

    /// <summary>Takes bytes. <see cref="Wait"/> must be zero.</summary>
    public void Take(long bytes, TimeSpan now)
    {
        Fill(now);
        _level -= bytes;
    }

    private void Fill(TimeSpan now)
    {
        if (now <= _at)
            return;
        _level = Math.Min(_burst, _level + _rate * (now - _at).TotalSeconds);
        _at = now;
    }
}
