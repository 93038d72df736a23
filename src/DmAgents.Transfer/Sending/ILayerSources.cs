using DmAgents.Domain.Ports;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Sending;

/// <summary>This host's copies that can be served to other hosts. Thread-safe: many connections call it
/// concurrently.</summary>
public interface ILayerSources
{
    /// <summary>Opens the copy that a receiver asks for. The sender judges whether it fits the request.</summary>
    OpenAnswer Open(TransferRecords.Ask ask);
}

/// <summary>The answer to a request for a layer.</summary>
public abstract record OpenAnswer
{
    public sealed record Found(IOpenLayer Layer) : OpenAnswer;

    /// <summary>The host has no such copy, or cannot read it.</summary>
    public sealed record Refused(TransferRefusal Why, string Reason) : OpenAnswer;
}

/// <summary>A copy that stays readable until it is disposed.</summary>
public interface IOpenLayer : IDisposable
{
    /// <summary>The present state: if this host still receives the layer, the missing pieces become fewer. Null: the
    /// reception was abandoned.</summary>
    SourceLayer? Layer { get; }

    IBlockReader Device { get; }

    /// <summary>Null if the differences cannot be found, for example while this host still receives the
    /// layer.</summary>
    IBlockChanges? Changes { get; }
}
