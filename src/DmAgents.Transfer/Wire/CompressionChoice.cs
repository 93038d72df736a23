namespace DmAgents.Transfer.Wire;

/// <summary>
/// Decides whether the next chunk is worth compressing. After chunks that did not shrink, some are sent uncompressed,
/// and more of them the longer this lasts: archives and media lie next to each other in an image.
/// </summary>
internal sealed class CompressionChoice
{
    /// <summary>Saving a sixteenth is worth both sides' time.</summary>
    private const int WorthwhilePart = 16;

    /// <summary>64 chunks are 16 MiB: compressible data behind them is found soon.</summary>
    private const int MostLeftOut = 64;

    private int _leftOut;
    private int _leaveOut;

    /// <summary>False: the chunk is sent uncompressed, and counted.</summary>
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
