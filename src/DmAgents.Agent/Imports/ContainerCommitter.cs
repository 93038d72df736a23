using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Spread;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Imports;

/// <summary>Which container to make an image of.</summary>
/// <param name="Author">Null: the author of the container's image.</param>
/// <param name="Comment">Comment of the step in the image's history; null: none.</param>
internal sealed record CommitAsked(
    RequestId Request, PoolPicture Pool, ContainerName Container, ImageReference Reference, string? Author,
    string? Comment);

/// <summary>Creates an image of a container, which may be running: a layer above its image's, and a name for
/// it.</summary>
internal sealed class ContainerCommitter(PoolGateway gateway, ImageNaming naming, ImageFinder images)
{
    public const string What = "cannot commit container";

    public async Task<FoundImage> Commit(CommitAsked asked, CancellationToken cancellation)
    {
        var pool = asked.Pool;
        var container = PoolGateway.Find(pool, What, DeviceKey.Container(asked.Container.Value));
        var config = CommittedConfig.Of(pool.State, container, asked.Author, asked.Comment, gateway.Now);
        await naming.Look(What, pool.Name, asked.Reference, config.Digest, cancellation).ConfigureAwait(false);
        // Completed even if the caller disconnects: otherwise a layer without an image would remain.
        await gateway.InTime(pool.Name, Commit(asked, container.Key, config), cancellation).ConfigureAwait(false);
        return await images.Details(pool.Name, asked.Reference).ConfigureAwait(false);
    }

    private async Task<PoolReplies.ImageTagged> Commit(CommitAsked asked, DeviceKey container, CommittedConfig config)
    {
        var (pool, request) = (asked.Pool.Name, asked.Request);
        var layer = DeviceKey.Layer($"commit:{request.Value:N}");
        // Until the image has its name, only this request knows the purpose of the layer.
        using var work = gateway.Board.Work.Begin(pool, request);
        var made = await gateway.AskPatiently(pool, new PoolCommands.CommitLive(
            request, container, layer, ImmutableSortedDictionary<string, string>.Empty.Add(
                DeviceLabels.Import, request.ToString()), gateway.Now)).ConfigureAwait(false);
        var key = made.Layer?.Key ?? layer;
        try
        {
            return await naming.TagPatiently(What, pool, new PoolCommands.TagImage(
                SubRequests.Of(request, "tag"), asked.Reference, key, config.Digest, config.Text, gateway.Now))
                .ConfigureAwait(false);
        }
        catch (RefusedException refused) when (refused.Refusal.Kind != RefusalKind.TimedOut)
        {
            await gateway.Remove(pool, key).ConfigureAwait(false);
            throw;
        }
    }
}
