using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using static DmAgents.Domain.Pools.Deciding.Answers;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides what an image name means, and removes the layers that no name needs any more.</summary>
internal static class ImageDecisions
{
    public static Decision Tag(PoolState state, PoolCommands.TagImage c)
    {
        const string What = "cannot tag image";
        if (state.Find(c.TopLayer) is not { } layer)
            return Unknown(What, c.TopLayer);
        if (layer.Phase == DevicePhase.Lost)
            return Lost(What, c.TopLayer);
        if (layer.Kind != DeviceKind.Layer)
        {
            return No(RefusalKind.WrongState, What, c.Reference.Value, $"{c.TopLayer} is a {layer.Kind}, not a layer",
                "commit it first: dmagent container commit");
        }
        if (layer.Phase == DevicePhase.Creating)
            return Unsettled(What, c.TopLayer);
        var before = state.Images.GetValueOrDefault(c.Reference);
        if (before is not null && before.TopLayer == layer.Id && before.ConfigDigest == c.ConfigDigest)
            return new Decision.AlreadySo(layer.Id);
        if (c.Expected is { } expected && before?.ConfigDigest != expected.ConfigDigest)
        {
            return No(
                RefusalKind.Exists, What, c.Reference.Value,
                before is null ? "the image of this name was removed meanwhile"
                    : $"another image got this name meanwhile: {before.ConfigDigest}",
                "see what the name means: dmagent image list; then try again");
        }
        var tagged = new PoolEvents.ImageTagged(c.Request, c.Reference, layer.Id, c.ConfigDigest, c.Config, c.At);
        ImmutableArray<PoolEvent> unneeded = before is null
            ? []
            : UnneededLayerDecisions.Remove(state.Apply(tagged), before.TopLayer, c.At);
        return new Decision.Accepted([tagged, .. unneeded], layer.Id);
    }

    public static Decision Untag(PoolState state, PoolCommands.UntagImage c)
    {
        if (!state.Images.TryGetValue(c.Reference, out var image))
        {
            return No(RefusalKind.NotFound, "cannot remove image", c.Reference.Value, "there is no image of this name",
                "list them: dmagent image list");
        }
        if (c.ExpectedConfig is { } expected && image.ConfigDigest != expected)
        {
            return No(
                RefusalKind.WrongState, "cannot remove image", c.Reference.Value,
                $"another image got this name meanwhile: {image.ConfigDigest}",
                "see what the name means: dmagent image list; then try again");
        }
        var untagged = new PoolEvents.ImageUntagged(c.Request, c.Reference, c.At);
        return new Decision.Accepted(
            [untagged, .. UnneededLayerDecisions.Remove(state.Apply(untagged), image.TopLayer, c.At)], Subject: null);
    }
}
