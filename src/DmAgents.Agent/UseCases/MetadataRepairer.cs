using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.UseCases;

/// <summary>Gives a pool usable metadata: tested on copies first, then in place.</summary>
internal sealed class MetadataRepairer(
    PoolGateway gateway, UsageReader usages, MetadataRepairTrials trials, AgentSettings settings)
{
    /// <summary>The pool, once it is known whether it can be opened: a broken one is retried again and again.</summary>
    public async Task<PoolPicture> Settled(string what, string name, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(settings.RequestTimeout);
        try
        {
            await gateway.Board.When(
                gateway.Resolve(what, name).Name, pool => pool is not { Phase: PoolPhase.Opening }, patience.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // It is still opening, and is refused for that.
        }
        return gateway.Resolve(what, name);
    }

    /// <summary>Completed even if the caller disconnects, so that it removes its copies.</summary>
    public Task<MetadataRepairTrial> Try(MetadataRepairAsked asked) =>
        Task.Run(() => trials.Try(asked), CancellationToken.None);

    /// <summary>The command that executes a trial. Throws if there is an obstacle.</summary>
    public PoolCommands.RepairMetadata CommandOf(RequestId request, MetadataRepairTrial trial) =>
        trial.Obstacle is { } obstacle
            ? throw Refusals.Of(obstacle)
            : new PoolCommands.RepairMetadata(request, trial.Source, trial.Next, gateway.Now);

    /// <summary>The command takes the pool down, and readers of its metadata have their device open: it waits for
    /// them.</summary>
    public Task Execute(PoolName pool, PoolCommands.RepairMetadata command, CancellationToken cancellation) =>
        usages.Alone(pool, () => gateway.Ask(pool, command, cancellation));
}
