namespace DmAgents.Transfer.Connections;

/// <summary>Picks sources for a layer, by load and by what they have. One call at a time of each kind.</summary>
public interface ISourceConnector
{
    /// <summary>Connects to a source while there is none. Called again when that is gone, or if this fails by an
    /// exception of streams or sockets.</summary>
    /// <param name="fault">What was wrong with the one before; null: the first, or it was only closed.</param>
    /// <returns>An authenticated stream, disposed of by the caller; null: there is no source, and the layer is
    /// given up.</returns>
    Task<Stream?> ConnectAsync(string? fault, CancellationToken cancellation);

    /// <summary>Connects to a further source, beside those whose streams have not ended.</summary>
    /// <returns>As <see cref="ConnectAsync"/>; null: there is none at present.</returns>
    Task<Stream?> ConnectFurtherAsync(CancellationToken cancellation) => Task.FromResult<Stream?>(null);

    /// <summary>A source is used no more.</summary>
    /// <param name="fault">What was wrong with it; null: nothing.</param>
    void Ended(Stream stream, string? fault)
    {
    }
}
