using DmAgents.Actors.Pools;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>Removes an image of this host on an operator's request. The fleet's last verified copy stays unless the
/// operator uses force.</summary>
internal sealed class ImageRemoval(LastCopies last, PoolGateway gateway)
{
    public const string What = "cannot remove image";

    /// <param name="force">Without asking the fleet.</param>
    /// <exception cref="RefusedException">The pool refuses it, it is the fleet's last verified copy, or the fleet does
    /// not answer.</exception>
    public Task<PoolReplies.ImageUntagged> Remove(
        RequestId request, PoolPicture pool, ImageRecord image, bool force, CancellationToken cancellation)
    {
        // Exactly the image that the operator named and the fleet is asked about.
        var untag = new PoolCommands.UntagImage(request, image.Reference, gateway.Now, image.ConfigDigest);
        return force
            ? gateway.Ask(pool.Name, untag, cancellation)
            : last.GiveUp(
                new CopyToGo(
                    What, pool, image, $"remove it in any case: dmagent image remove {image.Reference} --force"),
                untag, cancellation);
    }
}
