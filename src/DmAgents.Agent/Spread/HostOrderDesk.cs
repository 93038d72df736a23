using DmAgents.Actors.Fleet.Spread;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Fleet.Orders;

namespace DmAgents.Agent.Spread;

/// <summary>Receives the orders of the fleet's entities to this host. Orders run concurrently; an order that is already
/// running is ignored.</summary>
internal sealed class HostOrderDesk(
    AgentSettings settings, CopyOrders copies, ReleaseOrders releases, ContainerOrders containers,
    IHostApplicationLifetime lifetime, ILogger<HostOrderDesk> log)
{
    /// <summary>The settings with which the host drives the entities on it.</summary>
    public SpreadSettings Settings => new(settings.Fleet.RestoreAfter, Take)
    {
        Look = settings.Fleet.Look, Rest = settings.Fleet.Look * 6, CopyLease = settings.Fleet.CopyLease,
    };

    private void Take(HostOrder order) => _ = Task.Run(async () =>
    {
        try
        {
            await Execute(order, lifetime.ApplicationStopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
        }
        // The order is repeated; a fault about one does not block the others.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            log.OrderFault(fault, order);
        }
    });

    private Task Execute(HostOrder order, CancellationToken stopping) => order switch
    {
        HostOrders.CopyImage copy => copies.ExecuteAsync(copy, stopping),
        HostOrders.ReleaseImage release => releases.ExecuteAsync(release, stopping),
        HostOrders.CreateContainer create => containers.CreateAsync(create, stopping),
        HostOrders.RemoveContainer remove => containers.RemoveAsync(
            remove.Container, remove.Epoch, force: false, stopping),
        HostOrders.FenceContainer fence => containers.RemoveAsync(fence.Container, fence.Epoch, force: true, stopping),
        // From a later release: its host repeats it without effect.
        _ => Task.CompletedTask,
    };
}
