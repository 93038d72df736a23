using DmAgents.Domain.Ports;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Sending;

/// <summary>The copies of this host that others may be served from. Called by many connections at once.</summary>
public interface ILayerSources
{
    /// <summary>Opens the copy that a receiver asks for; whether it fits the question is the sender's to judge.
    /// </summary>
    OpenAnswer Open(TransferRecords.Ask ask);
}

/// <summary>What became of a question for a layer.</summary>
public abstract record OpenAnswer
{
    public sealed record Found(IOpenLayer Layer) : OpenAnswer;

    /// <summary>The host has no such copy, or cannot read it.</summary>
    public sealed record Refused(TransferRefusal Why, string Reason) : OpenAnswer;
}

/// <summary>A copy that stays readable until it is disposed of.</summary>
public interface IOpenLayer : IDisposable
{
    /// <summary>As it is now: of a layer that is received itself less and less is missing. Null: it was given up.
    /// </summary>
    SourceLayer? Layer { get; }

    IBlockReader Device { get; }

    /// <summary>Null: the differences cannot be found, as while the layer itself is still received.</summary>
    IBlockChanges? Changes { get; }
}
