using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;

namespace DmAgents.Domain.Fleet.Images;

/// <summary>
/// What an image's entity asks of others at this moment. It follows from the state alone, so that a restart asks the
/// same again; every order can be repeated, come late and come twice without harm.
/// </summary>
public abstract record ImageWork
{
    private ImageWork()
    {
    }

    /// <summary>To the target's ledger: keep the space, or keep it for longer.</summary>
    public sealed record Promise(CopyId Id, HostName Host, Incarnation Incarnation, PoolSpace Space) : ImageWork;

    /// <summary>To the target: copy the image. A host heeds only orders of its own incarnation, and no copy with a
    /// number that is not above the last it knew of the image.</summary>
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
