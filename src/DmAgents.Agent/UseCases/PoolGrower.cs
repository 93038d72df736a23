using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>Extends a pool's backing.</summary>
internal sealed class PoolGrower(PoolGateway gateway, IKernel kernel)
{
    public const string What = "cannot grow pool";

    /// <param name="force">Overwrite what is on an added disk.</param>
    /// <returns>What the operator should know, in sentences; nothing for a request that was done before.</returns>
    public async Task<ImmutableArray<string>> Grow(
        RequestId request, PoolPicture pool, GrowthRequest growth, bool force, CancellationToken cancellation)
    {
        if (PoolGateway.WasDone(pool, request))
            return [];
        var identity = PoolGateway.IdentityOf(What, pool);
        var plan = await Task.Run(
            () => new BackingPlanner(kernel).PlanGrowth(identity, growth, force).OrRefused(), cancellation)
            .ConfigureAwait(false);
        await gateway.Ask(pool.Name, new PoolCommands.Grow(request, plan.Backing, gateway.Now), cancellation)
            .ConfigureAwait(false);
        return plan.Warnings;
    }
}
