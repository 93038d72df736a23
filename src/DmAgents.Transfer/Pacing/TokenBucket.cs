namespace DmAgents.Transfer.Pacing;

/// <summary>
/// So many bytes a second, and at most so many at once after a pause. Pure: the time of one monotonic clock
/// comes in.
/// </summary>
/// <remarks>Bytes may be taken while the level is not below zero, whatever their number: the level then is below zero
/// until the rate has made up for it, so over time the rate holds for slices of any length.</remarks>
public sealed class TokenBucket
{
    private readonly double _rate;
    private readonly double _burst;
    private double _level;
    private TimeSpan _at;

    /// <param name="bytesPerSecond">Above zero.</param>
    /// <param name="burst">Bytes; how much a pause saves up.</param>
    public TokenBucket(long bytesPerSecond, long burst, TimeSpan now)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerSecond);
        ArgumentOutOfRangeException.ThrowIfNegative(burst);
        (_rate, _burst, _level, _at) = (bytesPerSecond, burst, burst, now);
    }

    /// <summary>How long to wait until bytes may be taken, in whole milliseconds; zero: no wait.</summary>
    /// <remarks>Timers count milliseconds and drop the rest: a wait that is not rounded up here would end too early,
    /// and one below a millisecond at once, so that the caller would spin. The bytes of the time above are not lost.
    /// </remarks>
    public TimeSpan Wait(TimeSpan now)
    {
        Fill(now);
        if (_level >= 0)
            return TimeSpan.Zero;
        // A tick more: the level after a wait that is just long enough may be a rounding error below zero.
        var ticks = TimeSpan.FromSeconds(-_level / _rate).Ticks + 1;
        return TimeSpan.FromMilliseconds((ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond);
    }

    /// <summary>Takes bytes; <see cref="Wait"/> has to be zero.</summary>
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
