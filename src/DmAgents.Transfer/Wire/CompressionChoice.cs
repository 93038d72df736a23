namespace DmAgents.Transfer.Wire;

/// <summary>
/// Whether the next chunk is worth compressing: after chunks that did not become smaller some are sent as they are, the
/// more the longer it has been so. Archives and media in an image lie next to each other.
/// </summary>
internal sealed class CompressionChoice
{
    /// <summary>A sixteenth less is worth the time of both sides.</summary>
    private const int WorthwhilePart = 16;

    /// <summary>64 chunks are 16 MiB: what becomes compressible behind them is found soon.</summary>
    private const int MostLeftOut = 64;

    private int _leftOut;
    private int _leaveOut;

    /// <summary>False: the chunk is sent as it is, and counted.</summary>
    public bool IsWorthTrying
    {
        get
        {
            if (_leaveOut == 0)
                return true;
            _leaveOut--;
            return false;
        }
    }

    /// <summary>A chunk was compressed.</summary>
    public void Tried(int from, int to)
    {
        _leftOut = to <= from - from / WorthwhilePart ? 0 : Math.Clamp(2 * _leftOut, 1, MostLeftOut);
        _leaveOut = _leftOut;
    }
}
