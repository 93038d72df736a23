namespace DmAgents.Transfer.Connections;

/// <summary>Selects sources for a layer, by load and by what they have. At most one call of each kind at a
/// time.</summary>
public interface ISourceConnector
{
    /// <summary>Connects to a source if there is none. Called again after that source ends, or if this call fails with
    /// a stream or socket exception.</summary>
    /// <param name="fault">What was wrong with the previous source; null: this is the first, or the previous one only
    /// closed.</param>
    /// <returns>An authenticated stream, which the caller disposes; null: there is no source, and the reception is
    /// abandoned.</returns>
    Task<Stream?> ConnectAsync(string? fault, CancellationToken cancellation);

    /// <summary>Connects to a further source, beside those whose streams are open.</summary>
    /// <returns>As <see cref="ConnectAsync"/>; null: there is none at present.</returns>
    Task<Stream?> ConnectFurtherAsync(CancellationToken cancellation) => Task.FromResult<Stream?>(null);

    /// <summary>A source is no longer used.</summary>
    /// <param name="fault">What was wrong with it; null: nothing.</param>
    void Ended(Stream stream, string? fault)
    {
    }
}
