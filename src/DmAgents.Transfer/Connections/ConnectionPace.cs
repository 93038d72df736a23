namespace DmAgents.Transfer.Connections;

/// <summary>How long a reception waits before its next connection: not at all after a useful one, longer after each
/// useless one, up to a maximum. Pure.</summary>
internal sealed class ConnectionPace(ConnectionSettings settings)
{
    private (ulong Verified, ulong Changed)? _progress;

    /// <summary>Consecutive connections that brought nothing.</summary>
    public int InVain { get; private set; }

    /// <summary>Called before the first connection and before each further one.</summary>
    /// <param name="progress">The receiver's progress.</param>
    /// <returns>The time to wait before it; null if too many connections brought nothing.</returns>
    public TimeSpan? Next((ulong Verified, ulong Changed) progress)
    {
        InVain = _progress == progress ? InVain + 1 : 0;
        _progress = progress;
        if (InVain == settings.ConnectionsInVain)
            return null;
        var pause = InVain == 0 ? TimeSpan.Zero : settings.PauseAfterFailure * Math.Pow(2, Math.Min(InVain - 1, 20));
        return pause < settings.LongestPause ? pause : settings.LongestPause;
    }
}
