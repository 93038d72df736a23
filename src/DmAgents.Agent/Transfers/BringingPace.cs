namespace DmAgents.Agent.Transfers;

/// <summary>Whether other hosts send a layer fast enough: two pieces of 1 MiB within a time, or all that is left.
/// Otherwise a registry is likely to be faster. Pure.</summary>
/// <param name="within">The time for two pieces.</param>
internal sealed class BringingPace(TimeSpan within)
{
    private const ulong Pieces = 2;

    private ulong _counted;
    private TimeSpan _since;

    /// <param name="verified">Number of received and verified pieces.</param>
    /// <param name="isAllThere">The rest is this host's own work.</param>
    /// <param name="now">From zero at the beginning.</param>
    /// <returns>False: the transfer should be abandoned.</returns>
    public bool IsKept(ulong verified, bool isAllThere, TimeSpan now)
    {
        if (isAllThere || verified >= _counted + Pieces)
            (_counted, _since) = (verified, now);
        return now - _since <= within;
    }
}
