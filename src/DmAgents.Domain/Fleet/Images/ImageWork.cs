using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;

namespace DmAgents.Domain.Fleet.Images;

/// <summary>
/// An image entity's present work for others. It follows from the state alone, so a restart requests the same again.
/// Each order may be repeated, late or duplicated without harm.
/// </summary>
public abstract record ImageWork
{
    private ImageWork()
    {
    }

    /// <summary>To the target's ledger: promise the space, or renew the promise.</summary>
    public sealed record Promise(CopyId Id, HostName Host, Incarnation Incarnation, PoolSpace Space) : ImageWork;

    /// <summary>To the target: copy the image. A host obeys only orders for its own incarnation, and only copy numbers
    /// above the last that it knows for the image.</summary>
    public sealed record Copy(CopyId Id, HostName Host, Incarnation Incarnation) : ImageWork;

    /// <summary>To the host: ask whether it may drop its copy (<see cref="HoldingKind.Releasing"/>).</summary>
    public sealed record Release(ImageReference Image, HostName Host) : ImageWork;

    public static IEnumerable<ImageWork> Of(ImageState state)
    {
        foreach (var copy in state.Copies.Values)
        {
            yield return new Promise(copy.Id, copy.Target, copy.Incarnation, copy.Space);
            if (copy.Phase == CopyPhase.Started)
                yield return new Copy(copy.Id, copy.Target, copy.Incarnation);
        }
        foreach (var host in state.Releasing)
            yield return new Release(state.Reference, host);
    }
}
