using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;

namespace DmAgents.Agent.UseCases;

/// <summary>The result of a round of trimming.</summary>
internal sealed record TrimReport(
    PoolInspection Before, PoolInspection After, ImmutableArray<TrimmedDevice> FileSystems);

/// <summary>Discards free blocks of a pool's mounted file systems on request.</summary>
internal sealed class PoolTrimmer(PoolGateway gateway, PoolInspector inspector)
{
    public const string What = "cannot trim pool";

    public async Task<TrimReport> Trim(RequestId request, PoolPicture pool, CancellationToken cancellation)
    {
        var before = inspector.Inspect(pool);
        var trimmed = await gateway.Ask(pool.Name, new PoolCommands.Trim(request, gateway.Now), cancellation)
            .ConfigureAwait(false);
        return new TrimReport(before, inspector.Inspect(pool), trimmed.FileSystems);
    }
}
