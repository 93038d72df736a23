using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>Gives references to images of this host on an operator's request. If a reference belongs to another image,
/// that image's copy ends, unless it has a second name here. The copy is given up as by a removal, and the fleet's last
/// verified copy keeps its name unless the operator uses force.</summary>
internal sealed class ImageNaming(LastCopies last, PoolGateway gateway)
{
    /// <param name="what">The action that fails if the name stays with its image.</param>
    /// <param name="force">Without asking the fleet.</param>
    /// <exception cref="RefusedException">The pool refuses it, the name is that of the fleet's last verified copy of
    /// another image, or the fleet does not answer.</exception>
    public Task<PoolReplies.ImageTagged> Tag(
        string what, PoolName pool, PoolCommands.TagImage tag, bool force, CancellationToken cancellation) =>
        !force && Losing(what, pool, tag.Reference, tag.ConfigDigest) is { } loser
            ? GiveUp(loser, tag, cancellation)
            : gateway.Ask(pool, tag, cancellation);

    /// <summary>The same, however long the pool takes.</summary>
    public Task<PoolReplies.ImageTagged> TagPatiently(string what, PoolName pool, PoolCommands.TagImage tag) =>
        Losing(what, pool, tag.Reference, tag.ConfigDigest) is { } loser
            ? GiveUp(loser, tag, CancellationToken.None)
            : gateway.AskPatiently(pool, tag);

    /// <summary>Refuses at once what <see cref="Tag"/> would refuse at this moment, before an image is transferred for
    /// it.</summary>
    /// <param name="config">The digest of the configuration of the image that is to get the name.</param>
    public Task Look(
        string what, PoolName pool, ImageReference reference, string config, CancellationToken cancellation) =>
        Losing(what, pool, reference, config) is { } loser ? last.Look(loser, cancellation) : Task.CompletedTask;

    /// <remarks>Takes the name from the image that the fleet is asked about, and from no other.</remarks>
    private Task<PoolReplies.ImageTagged> GiveUp(
        CopyToGo loser, PoolCommands.TagImage tag, CancellationToken cancellation) => last.GiveUp(
            loser, tag with { Expected = tag.Expected ?? new ImageExpectation(loser.Image.ConfigDigest) },
            cancellation);

    /// <returns>Null: no image loses its only name.</returns>
    private CopyToGo? Losing(string what, PoolName pool, ImageReference reference, string config)
    {
        if (gateway.Board.Find(pool) is not { } picture
            || picture.State.Images.GetValueOrDefault(reference) is not { } before || before.ConfigDigest == config
            || picture.State.ImagesOf(before.TopLayer).Any(
                other => other.Reference != reference && other.ConfigDigest == before.ConfigDigest))
            return null;
        return new CopyToGo(
            what, picture, before,
            $"keep it under another name: dmagent image tag {reference} NAME; or give it up in any case: dmagent image "
            + $"remove {reference} --force");
    }
}
