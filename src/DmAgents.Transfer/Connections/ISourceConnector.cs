namespace DmAgents.Transfer.Connections;

/// <summary>Picks sources for a layer, by load and by what they have.</summary>
public interface ISourceConnector
{
    /// <summary>Connects to the next source. Called again when that is gone, or if this fails by an exception of
    /// streams or sockets.</summary>
    /// <param name="fault">What was wrong with the one before; null: the first, or it was only closed.</param>
    /// <returns>An authenticated stream, disposed of by the caller; null: there is no source, and the layer is
    /// given up.</returns>
    Task<Stream?> ConnectAsync(string? fault, CancellationToken cancellation);
}
