using System.Collections.Immutable;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>The pool for a container that is created without the fleet.</summary>
internal sealed record LocalPlace(PoolName Pool, Refusal FleetRefuses);

/// <summary>A container of this host, as the fleet knows it.</summary>
internal sealed record KnownContainer(ContainerName Name, ContainerEpoch Epoch);

/// <summary>Places containers of the fleet on hosts, removes them, and lists them; works on any host.</summary>
internal sealed class ContainerPlacing(
    AgentSettings settings, FleetEntityAccess access, FleetIdentity identity, FleetBoard board, FleetStore store,
    ImageSpread images, TimeProvider time, ILogger<ContainerPlacing> log)
{
    public const string CannotCreate = "cannot create container";
    public const string CannotRemove = "cannot remove container";
    private const string CannotList = "cannot list containers";

    /// <summary>After this time the call returns: the fleet creates the container all the same.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Timeout of secondary requests, so that they delay no reply.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private const int Beside = 16;

    /// <summary>This host takes part in the entities of a fleet: the fleet places its containers.</summary>
    public bool IsOn => settings.Fleet.Database is not null && identity.Current is not null;

    /// <summary>Decides whether this host carries out an operator's request without the fleet. It does if the fleet
    /// accepts no changes at this moment, or does not know the image yet, and the image is here.</summary>
    /// <returns>Null: the fleet can be asked.</returns>
    /// <exception cref="RefusedException">The fleet cannot be asked, and the image is not here.</exception>
    public async Task<LocalPlace?> InPlaceOfFleet(ContainerName name, string image, CancellationToken cancellation)
    {
        var pool = images.PoolWith(image);
        if (access.TryFind(CannotCreate, name.Value, out _, out var refusal))
        {
            return pool is { } one && await images.Unknown(image, cancellation).ConfigureAwait(false) is { } unknown
                ? new LocalPlace(one, unknown)
                : null;
        }
        return pool is { } place
            ? new LocalPlace(place, refusal)
            : throw Refusals.Of(refusal with
            {
                Next = $"{refusal.Next}; meanwhile a host that has the image makes it by itself: "
                    + $"dmagent container create {name} --image {image}",
            });
    }

    /// <summary>Places a container, and waits a while until its host has created it.</summary>
    /// <param name="host">The host; null: the fleet chooses.</param>
    public async Task<ContainerState> Create(
        RequestId request, ContainerName name, string image, HostName? host, CancellationToken cancellation)
    {
        var entities = access.Demand(CannotCreate, name.Value);
        var of = await images.Explain(image, cancellation).ConfigureAwait(false);
        var offers = await OffersAsync(entities, of, cancellation).ConfigureAwait(false);
        var (reply, refusal) = await entities.Ask(
            name, new ContainerCommands.Create(request, of.Reference, host, of.Lineage, offers, time.GetUtcNow()),
            cancellation).ConfigureAwait(false);
        return reply switch
        {
            ContainerReplies.Placed => await MadeAsync(entities, name, request, cancellation).ConfigureAwait(false),
            ContainerReplies.Refused refused => throw Refusals.Of(refused.Refusal),
            _ => throw Refusals.Of(refusal!),
        };
    }

    /// <summary>Makes its host remove it.</summary>
    /// <returns>The host; null: it is removed already.</returns>
    /// <exception cref="RefusedException">The fleet has none of this name, or cannot be asked.</exception>
    public async Task<HostName?> Remove(RequestId request, ContainerName name, CancellationToken cancellation)
    {
        var entities = access.Demand(CannotRemove, name.Value);
        var (state, _) = await entities.Show(name, cancellation).ConfigureAwait(false);
        var (reply, refusal) = await entities.Ask(
            name, new ContainerCommands.Remove(request, time.GetUtcNow()), cancellation).ConfigureAwait(false);
        return reply switch
        {
            ContainerReplies.Removing { Gone: var gone } => gone ? null : state?.Host,
            ContainerReplies.Refused refused => throw Refusals.Of(refused.Refusal),
            _ => throw Refusals.Of(refusal!),
        };
    }

    /// <summary>The host that has it, as the fleet knows; null: none, or the fleet does not answer in time.</summary>
    public async Task<HostName?> HostOf(ContainerName name, CancellationToken cancellation)
    {
        if (!IsOn || !access.TryFind(CannotRemove, name.Value, out var entities, out _))
            return null;
        using var patience = new CancellationTokenSource(Moment, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            var (state, _) = await entities.Show(name, either.Token).ConfigureAwait(false);
            return state is { Phase: ContainerPhase.Owned } ? state.Host : null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>The fleet's knowledge of the container; null: none, and its removal is no news to the fleet.</summary>
    public KnownContainer? Known(PoolPicture pool, DeviceRecord device) =>
        device.Key.Space == DeviceKey.ContainerSpace && ContainerName.TryParse(device.Key.Name, out var name)
            && store.Epochs.EpochOf(pool.Uuid, name, device) is var epoch && epoch != ContainerEpoch.None
            ? new KnownContainer(name, epoch)
            : null;

    /// <summary>Notes that an operator removed it on this host. The host announces the removal too, but without this
    /// note the fleet would believe that the host lost the container. Returns at once: the removal on the host is done,
    /// whether or not the fleet receives the note.</summary>
    public void NoteRemoval(RequestId request, KnownContainer removed)
    {
        if (IsOn && access.TryFind(CannotRemove, removed.Name.Value, out var entities, out _))
            _ = Task.Run(() => NoteAsync(entities, request, removed));
    }

    private async Task NoteAsync(FleetEntities entities, RequestId request, KnownContainer removed)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            var (state, _) = await entities.Show(removed.Name, patience.Token).ConfigureAwait(false);
            // Created again since, or another host's: that one stays.
            if (state is not { Phase: not ContainerPhase.None } || state.Host != identity.Current?.Host
                || state.Epoch != removed.Epoch)
                return;
            await entities.Ask(
                removed.Name, new ContainerCommands.Remove(request, time.GetUtcNow()), patience.Token)
                .ConfigureAwait(false);
        }
        // The announcement has the same content.
        catch (Exception unheard) when (unheard is not OutOfMemoryException)
        {
            log.RemovalNotHeard(unheard, removed.Name);
        }
    }

    /// <summary>All containers in the fleet, by name.</summary>
    public async Task<ImmutableArray<ContainerState>> List(CancellationToken cancellation)
    {
        var entities = access.Demand(CannotList, "fleet");
        var (names, refusal) = await entities.Containers(cancellation).ConfigureAwait(false);
        if (names is null)
            throw Refusals.Of(refusal!);
        var shown = new ContainerState?[names.Count];
        await Parallel.ForAsync(
            0, names.Count, new ParallelOptions { MaxDegreeOfParallelism = Beside, CancellationToken = cancellation },
            async (number, end) =>
            {
                var (state, why) = await entities.Show(names[number], end).ConfigureAwait(false);
                shown[number] = state ?? throw Refusals.Of(why!);
            }).ConfigureAwait(false);
        return [.. shown.OfType<ContainerState>().Where(state => state.Phase != ContainerPhase.None)];
    }

    private async Task<ImmutableArray<HostOffer>> OffersAsync(
        FleetEntities entities, ImageState image, CancellationToken cancellation)
    {
        var hosts = board.Current.Members.Where(member => member is { Counts: true, IsReached: true })
            .Select(member => member.Host).OfType<HostName>().Distinct();
        var ledgers = await Task.WhenAll(hosts.Select(host => entities.Show(host, cancellation))).ConfigureAwait(false);
        var located = await Task.WhenAll(image.Lineage.Select(layer => entities.Ask(
            LayerBucket.Of(layer.Layer), new LocationCommands.Locate(layer.Layer, time.GetUtcNow()), cancellation)))
            .ConfigureAwait(false);
        return ImageCare.Offers(
            image, ledgers.Select(answer => answer.Reply).OfType<HostLedger>(),
            [.. located.Select(answer => answer.Reply is LocationReplies.Located found ? found.Copies : [])],
            time.GetUtcNow());
    }

    private async Task<ContainerState> MadeAsync(
        FleetEntities entities, ContainerName name, RequestId request, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            var (state, refusal) = await entities.Show(name, cancellation).ConfigureAwait(false);
            if (state is { Phase: ContainerPhase.None } && state.MadeBy == request)
            {
                throw Refusals.Because(
                    RefusalKind.Failed, CannotCreate, name.Value, state.Why, "correct that, then create it again");
            }
            if (state is { Phase: not (ContainerPhase.BringingImage or ContainerPhase.Creating) }
                || (state is not null && time.GetElapsedTime(begun) > Patience))
                return state;
            if (time.GetElapsedTime(begun) > Patience)
                throw Refusals.Of(refusal!);
            await Task.Delay(Pause, time, cancellation).ConfigureAwait(false);
        }
    }
}
