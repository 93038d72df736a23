using System.Globalization;

namespace DmAgents.Testing.Faults;

/// <summary>
/// A busy machine on demand: with <c>DMAGENTS_TEST_SHAKE=SEED</c> in the environment, kernel calls and actors' turns are
/// late at random. A test that relies on what happens to be fast fails then, and not once in a hundred runs.
/// </summary>
/// <remarks>The seed decides the delays, not the order of threads: a failure is found again by some runs of its test.
/// </remarks>
public static class Shake
{
    /// <summary>One in so many is late.</summary>
    private const int Rarity = 24;

    private const int LongestMilliseconds = 25;

    private static readonly Random? _random =
        Environment.GetEnvironmentVariable("DMAGENTS_TEST_SHAKE") is { Length: > 0 } seed
            ? new Random(int.Parse(seed, CultureInfo.InvariantCulture))
            : null;

    private static readonly ManualResetEventSlim _never = new();

    public static bool IsOn => _random is not null;

    /// <summary>How late the next one is: mostly not at all.</summary>
    public static TimeSpan Next()
    {
        if (_random is null)
            return TimeSpan.Zero;
        lock (_random)
            return _random.Next(Rarity) > 0
                ? TimeSpan.Zero
                : TimeSpan.FromMilliseconds(_random.Next(1, LongestMilliseconds));
    }

    /// <summary>Holds the thread up, for a call that blocks anyway.</summary>
    public static void Pause()
    {
        if (Next() is { Ticks: > 0 } late)
            _never.Wait(late);
    }
}
