using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>Creates and removes containers by order of the fleet. Before the host creates one, it asks the container's
/// entity whether this host and this epoch still count, so that a late order does nothing. The creation has one request
/// id: a host that died in between finds the container, and gives it its epoch.</summary>
internal sealed class ContainerOrders(
    FleetEntityAccess access, FleetIdentity identity, FleetStore store, PoolGateway gateway,
    ILogger<ContainerOrders> log)
{
    private const string What = "cannot create container";
    private const string CannotRemove = "cannot remove container";

    private readonly Turns<ContainerName> _turns = new();

    /// <summary>Why a container is not removed: logged once, since orders are repeated.</summary>
    private readonly ConcurrentDictionary<ContainerName, string> _stays = new();

    public async Task CreateAsync(HostOrders.CreateContainer order, CancellationToken stopping)
    {
        using var turn = await _turns.TakeAsync(order.Container, stopping).ConfigureAwait(false);
        if (!await IsWanted(order, stopping).ConfigureAwait(false))
            return;
        try
        {
            await MakeAsync(order, stopping).ConfigureAwait(false);
        }
        // The next order finds what is unknown now.
        catch (RefusedException refused) when (refused.Refusal.Kind is not (RefusalKind.TimedOut or RefusalKind.Busy))
        {
            log.ContainerNotCreated(order.Container, refused.Refusal);
            await Tell(order.Container, (host, now) => new ContainerCommands.NoteFailure(
                host, order.Epoch, refused.Refusal.Why, now), stopping).ConfigureAwait(false);
        }
        catch (RefusedException)
        {
        }
    }

    /// <summary>Removes only a container of this epoch or a lower one: another one of this name was created by an
    /// operator, or later.</summary>
    /// <param name="force">Also a mounted one: its epoch is over, and it must not be written. Otherwise the entity is
    /// sent the reason why the container stays.</param>
    public async Task RemoveAsync(
        ContainerName name, ContainerEpoch epoch, bool force, CancellationToken stopping)
    {
        using var turn = await _turns.TakeAsync(name, stopping).ConfigureAwait(false);
        if (await WhyItStaysAsync(name, epoch, force, stopping).ConfigureAwait(false) is { } stays)
        {
            if (_stays.GetValueOrDefault(name) != stays.ToString())
                log.ContainerNotRemoved(name, stays);
            _stays[name] = stays.ToString();
            if (!force && stays.Kind is not (RefusalKind.TimedOut or RefusalKind.Busy))
            {
                await Tell(name, (host, now) => new ContainerCommands.NoteFailure(
                    host, epoch, $"{stays.Why}; next: {stays.Next}", now), stopping).ConfigureAwait(false);
            }
            return;
        }
        _stays.TryRemove(name, out _);
        await Tell(name, (host, now) => new ContainerCommands.NoteRemoved(host, epoch, now), stopping)
            .ConfigureAwait(false);
    }

    /// <summary>Removes it.</summary>
    /// <returns>Null: the host has none of this epoch or a lower one.</returns>
    private async Task<Refusal?> WhyItStaysAsync(
        ContainerName name, ContainerEpoch epoch, bool force, CancellationToken stopping)
    {
        Refusal Stays(RefusalKind kind, string why, string next) => new(kind, CannotRemove, name.Value, why, next);
        var devices = DevicesOf(name).ToList();
        if (devices.Count > 1 && !force)
        {
            return Stays(
                RefusalKind.WrongState,
                $"the pools {string.Join(", ", devices.Select(one => one.Pool.Name))} have one of this name each",
                $"remove the one that is meant there: dmagent container remove {name} --pool POOL");
        }
        try
        {
            foreach (var (pool, device) in devices)
            {
                var has = store.Epochs.EpochOf(pool.Uuid, name, device);
                if (has == ContainerEpoch.None || has > epoch)
                    continue;
                await gateway.Ask(
                    pool.Name, new PoolCommands.Remove(
                        new RequestId(Guid.NewGuid()), device.Key, force, gateway.Now), stopping).ConfigureAwait(false);
                log.ContainerRemoved(name, has);
            }
        }
        catch (RefusedException refused)
        {
            return refused.Refusal;
        }
        // Its journal may not have been read yet, or names the container.
        return gateway.Board.All.FirstOrDefault(pool => pool.Phase != PoolPhase.Open
            && (pool.State.Identity is null || pool.State.Find(DeviceKey.Container(name.Value)) is not null)) is { } closed
            ? Stays(
                RefusalKind.WrongState, $"pool {closed.Name} may have it, and is not open",
                $"see why: dmagent pool show {closed.Name}")
            : null;
    }

    internal static RequestId RequestOf(ContainerName name, ContainerEpoch epoch) => new(new Guid(
        SHA256.HashData(Encoding.UTF8.GetBytes($"fleet container {name} {epoch}")).AsSpan(0, 16)));

    private async Task MakeAsync(HostOrders.CreateContainer order, CancellationToken stopping)
    {
        var key = DeviceKey.Container(order.Container.Value);
        var request = RequestOf(order.Container, order.Epoch);
        var (pool, parent) = PlaceOf(order);
        if (DevicesOf(order.Container).FirstOrDefault() is { Pool: { } has, Device: { } other })
        {
            if (store.Epochs.EpochOf(has.Uuid, order.Container, other) >= order.Epoch)
                return;
            if (!PoolGateway.WasDone(has, request))
            {
                throw Refusals.Because(
                    RefusalKind.Exists, What, order.Container.Value, "it has another container of this name",
                    "choose another name");
            }
            pool = has;
        }
        using var expected = store.Epochs.Expect(order.Container);
        var made = await gateway.Ask(pool.Name, new PoolCommands.CreateSnapshot(
            request, key, parent, Size: null, FileSystem: null, DeviceUse.Idle,
            ImmutableSortedDictionary<string, string>.Empty.Add(DeviceLabels.Image, order.Image.Value), gateway.Now),
            stopping).ConfigureAwait(false);
        if (made.Device is not { } device)
        {
            throw Refusals.Because(
                RefusalKind.Failed, What, order.Container.Value, "it was made, and removed since", "create it again");
        }
        if (store.Epochs.Give(pool.Uuid, order.Container, device, order.Epoch) is { Error: { } error })
        {
            // Without its epoch it would look like one that an operator created, which the fleet never removes.
            if (await gateway.Remove(pool.Name, key).ConfigureAwait(false) is { } stays)
                log.ContainerWithoutEpoch(order.Container, stays);
            throw Refusals.Of(What, order.Container.Value, error);
        }
    }

    private (PoolPicture Pool, DeviceKey Parent) PlaceOf(HostOrders.CreateContainer order)
    {
        foreach (var pool in gateway.Board.All.Where(pool => pool.Phase == PoolPhase.Open))
        {
            if (pool.State.Images.GetValueOrDefault(order.Image) is { } image)
                return (pool, pool.State.Devices[image.TopLayer].Key);
        }
        throw Refusals.NotFound(What, order.Image.Value, "no pool of the host has the image", "copy it there");
    }

    private IEnumerable<(PoolPicture Pool, DeviceRecord Device)> DevicesOf(ContainerName name) =>
        from pool in gateway.Board.All
        where pool.Phase == PoolPhase.Open
        let device = pool.State.Find(DeviceKey.Container(name.Value))
        where device is not null && device.IsPresent
        select (pool, device);

    private async Task<bool> IsWanted(HostOrders.CreateContainer order, CancellationToken cancellation)
    {
        if (!access.TryFind(What, order.Container.Value, out var entities, out _))
            return false;
        var (state, _) = await entities.Show(order.Container, cancellation).ConfigureAwait(false);
        return state is { Phase: ContainerPhase.Creating } && state.Epoch == order.Epoch
            && state.Host == identity.Current?.Host;
    }

    private async Task Tell(
        ContainerName name, Func<Domain.Fleet.HostName, DateTimeOffset, ContainerCommand> command,
        CancellationToken cancellation)
    {
        if (identity.Current is { Host: var host }
            && access.TryFind(What, name.Value, out var entities, out _))
            await entities.Ask(name, command(host, gateway.Now), cancellation).ConfigureAwait(false);
    }
}
