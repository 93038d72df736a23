using DmAgents.Agent.Spread;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>The spread of images and containers over the fleet, in the admin API.</summary>
internal sealed class SpreadService(Agent.Spread.ImageSpread images, ContainerPlacing containers)
    : Api.Admin.V1.Spread.SpreadBase
{
    public override async Task<Api.Admin.V1.ImageSpread> SetImageCopies(
        SetImageCopiesRequest request, ServerCallContext context)
    {
        var id = PoolGateway.RequestOf(Agent.Spread.ImageSpread.CannotSet, request.RequestId);
        return SpreadViews.Of(await images.SetCopies(
            id, request.Image, (int)Math.Min(request.Copies, int.MaxValue), context.CancellationToken)
            .ConfigureAwait(false));
    }

    public override async Task<Api.Admin.V1.ImageSpread> ExplainImage(
        ExplainImageRequest request, ServerCallContext context) =>
        SpreadViews.Of(await images.Explain(request.Image, context.CancellationToken).ConfigureAwait(false));

    public override async Task<PlaceContainerReply> PlaceContainer(
        PlaceContainerRequest request, ServerCallContext context)
    {
        const string What = ContainerPlacing.CannotCreate;
        if (!ContainerName.TryParse(request.Name, out var name))
        {
            throw Problems.Usage(
                What, request.Name, $"it is not a container's name: {ContainerName.Rule}", "choose another name");
        }
        HostName? host = null;
        if (request.Host.Length > 0)
        {
            host = HostName.TryParse(request.Host, out var named)
                ? named
                : throw Problems.Usage(
                    What, request.Host, $"it is no host's name: {HostName.Rule}", "list them: dmagent fleet status");
        }
        if (host is null && !containers.IsOn)
            return new PlaceContainerReply { Local = true };
        if (host is null && await containers.InPlaceOfFleet(name, request.Image, context.CancellationToken)
            .ConfigureAwait(false) is { } here)
        {
            return new PlaceContainerReply
            {
                Local = true, NotAskedBecause = here.FleetRefuses.Why, Pool = here.Pool.Value,
            };
        }
        return new PlaceContainerReply
        {
            Placed = SpreadViews.Of(await containers.Create(
                PoolGateway.RequestOf(What, request.RequestId), name, request.Image, host, context.CancellationToken)
                .ConfigureAwait(false)),
        };
    }

    public override async Task<ListFleetContainersReply> ListContainers(
        ListFleetContainersRequest request, ServerCallContext context) => new()
        {
            Containers =
            {
                (await containers.List(context.CancellationToken).ConfigureAwait(false)).Select(SpreadViews.Of),
            },
        };
}
