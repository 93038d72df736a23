using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>Sets the spare disks that extend a pool when it runs low.</summary>
internal sealed class SpareDisks(PoolGateway gateway, IKernel kernel)
{
    public const string What = "cannot set spares";

    /// <param name="remove">Removed first.</param>
    /// <param name="add">Appended in this order; a disk that is already a spare keeps its place.</param>
    public async Task Change(
        RequestId request, PoolPicture pool, ImmutableArray<DevicePath> remove, ImmutableArray<DevicePath> add,
        CancellationToken cancellation)
    {
        if (PoolGateway.WasDone(pool, request))
            return;
        var identity = PoolGateway.IdentityOf(What, pool);
        // A disk with content is refused here: a spare is used later, when no operator can pass --force.
        var spares = await Task.Run(() => With(identity, Without(pool, remove), add), cancellation)
            .ConfigureAwait(false);
        await gateway.Ask(pool.Name, new PoolCommands.SetSpares(request, spares, gateway.Now), cancellation)
            .ConfigureAwait(false);
    }

    private ImmutableArray<DevicePath> Without(PoolPicture pool, ImmutableArray<DevicePath> disks)
    {
        var spares = pool.State.Spares;
        foreach (var disk in disks)
        {
            if (SpareOf(pool, disk) is not { } spare)
            {
                throw Refusals.NotFound(What, disk.Value, "it is not a spare of this pool",
                    $"list them: dmagent pool spare list {pool.Name}");
            }
            spares = spares.Remove(spare);
        }
        return spares;
    }

    /// <summary>The spare that a path leads to: it was journaled by a stable path, if it has one. A disk that is gone
    /// can only be compared by the text of its path.</summary>
    private DevicePath? SpareOf(PoolPicture pool, DevicePath disk)
    {
        var spares = pool.State.Spares;
        if (spares.Contains(disk))
            return disk;
        return kernel.Inspect(disk) is { Succeeded: true, Value.Number: var number }
            ? spares.Cast<DevicePath?>().FirstOrDefault(spare =>
                kernel.Inspect(spare!.Value) is { Succeeded: true, Value.Number: var known } && known == number)
            : null;
    }

    private ImmutableArray<DevicePath> With(
        PoolIdentity pool, ImmutableArray<DevicePath> spares, ImmutableArray<DevicePath> disks)
    {
        foreach (var disk in disks)
        {
            var (path, refusal) = new BackingPlanner(kernel).LookAtSpare(pool, disk);
            if (refusal is not null)
                throw Refusals.Of(refusal);
            spares = spares.Contains(path) ? spares : spares.Add(path);
        }
        return spares;
    }
}
