using DmAgents.Actors.Pools;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>Removes an image of this host because an operator asks for it. The fleet's last verified copy stays unless
/// the operator insists.</summary>
internal sealed class ImageRemoval(LastCopies last, PoolGateway gateway)
{
    public const string What = "cannot remove image";

    /// <param name="force">Without a question to the fleet.</param>
    /// <exception cref="RefusedException">The pool refuses it, it is the fleet's last verified copy, or the fleet does
    /// not answer.</exception>
    public Task<PoolReplies.ImageUntagged> Remove(
        RequestId request, PoolPicture pool, ImageRecord image, bool force, CancellationToken cancellation)
    {
        // The one that the operator meant, and that the fleet is asked about.
        var untag = new PoolCommands.UntagImage(request, image.Reference, gateway.Now, image.ConfigDigest);
        return force
            ? gateway.Ask(pool.Name, untag, cancellation)
            : last.GiveUp(
                new CopyToGo(
                    What, pool, image, $"remove it in any case: dmagent image remove {image.Reference} --force"),
                untag, cancellation);
    }
}
