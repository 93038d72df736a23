namespace DmAgents.Transfer.Connections;

/// <summary>How long a reception waits before its next connection: not at all after one that brought something, longer
/// each time after one that did not, and not without end. Pure.</summary>
internal sealed class ConnectionPace(ConnectionSettings settings)
{
    private (ulong Verified, ulong Changed)? _progress;

    /// <summary>Connections in a row that brought nothing.</summary>
    public int InVain { get; private set; }

    /// <summary>A connection is wanted: the first, or another one.</summary>
    /// <param name="progress">The receiver's.</param>
    /// <returns>How long to wait for it; null: too many brought nothing.</returns>
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
