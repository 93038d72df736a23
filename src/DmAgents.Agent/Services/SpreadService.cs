using DmAgents.Api.Admin.V1;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>The spread of images over the fleet, in the admin API.</summary>
internal sealed class SpreadService(Agent.Spread.ImageSpread images) : Api.Admin.V1.Spread.SpreadBase
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
}
