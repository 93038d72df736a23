using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Event;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Actors.Fleet.Entities.Containers;
using DmAgents.Actors.Fleet.Entities.Images;
using DmAgents.Actors.Fleet.Entities.Ledgers;
using DmAgents.Actors.Fleet.Entities.Locations;
using DmAgents.Actors.Fleet.Spread;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>What a host needs to take part in the entities of its fleet.</summary>
/// <param name="Fleet">The database must belong to this fleet, or to none.</param>
public sealed record FleetEntitySettings(FleetIdentity Fleet, FleetDatabase Database)
{
    public EntityTimes Times { get; init; } = EntityTimes.Default;

    public DatabaseTimes DatabaseTimes { get; init; } = DatabaseTimes.Default;

    /// <summary>Null: this host does not drive the entities on it, and takes no orders.</summary>
    public SpreadSettings? Spread { get; init; }
}

/// <summary>An entity's answer, or the reason why there is none.</summary>
/// <param name="Reply">Null: there is none.</param>
/// <param name="Refusal">Null: there is a reply. A refusal of kind TimedOut means that the change may have been made: a
/// retry with the same request makes it once.</param>
public readonly record struct EntityAnswer<TReply>(TReply? Reply, Refusal? Refusal)
    where TReply : class;

/// <summary>Access to the entities of the fleet from any of its hosts: one region for each kind, in one life of the
/// fleet's actor system. Every wait has a deadline, and requests fail at once if the database is away.</summary>
public sealed class FleetEntities : IFleetEntities
{
    private readonly ActorSystem _system;
    private readonly EntityTimes _times;
    private readonly TimeProvider _time;
    private readonly IActorRef _locations;
    private readonly IActorRef _ledgers;
    private readonly IActorRef _images;
    private readonly IActorRef _containers;
    private readonly EntityNames _names;

    private FleetEntities(ActorSystem system, FleetEntitySettings settings, DatabaseGate gate, TimeProvider time)
    {
        (_system, _times, _time, Database) = (system, settings.Times, time, gate);
        _names = new EntityNames(settings.Database);
        var spread = settings.Spread is { } driven ? FleetSpread.Start(system, this, driven, time) : null;
        if (spread is not null)
            system.WhenTerminated.ContinueWith(_ => spread.Dispose(), TaskScheduler.Default);
        _locations = Region(LocationKind.Kind, id => Props.Create(() => new BucketActor(id, gate, settings.Times)));
        _ledgers = Region(LedgerKind.Kind, Live(LedgerKind.Kind, watcher: null));
        _images = Region(ImageKind.Kind, Live(ImageKind.Kind, spread?.Images));
        _containers = Region(ContainerKind.Kind, Live(ContainerKind.Kind, spread?.Containers));

        Func<string, Props> Live<TState, TCommand, TEvent, TReply>(
            EntityKind<TState, TCommand, TEvent, TReply> kind, IEntityWatcher<TState>? watcher)
            where TState : class
            where TCommand : class
            where TEvent : class
            where TReply : class => id => Props.Create(() =>
                new EntityActor<TState, TCommand, TEvent, TReply>(kind, id, gate, settings.Times, watcher));
    }

    /// <summary>The fleet's database as this host sees it.</summary>
    public DatabaseGate Database { get; }

    public DateTimeOffset? ReadySince => Database.Current is { IsReady: true, Since: var since } ? since : null;

    /// <summary>Starts the regions in a fleet's actor system, and the watch over the database; both end with the
    /// system. The system's configuration must come from <see cref="FleetConfig"/> with the same settings.</summary>
    public static FleetEntities Start(ActorSystem system, FleetEntitySettings settings, TimeProvider time)
    {
        var gate = new DatabaseGate(DatabaseStatus.Initial(settings.Database.Where, time.GetUtcNow()));
        var watch = DatabaseWatch.Start(
            gate, settings.Database.Probe(settings.Fleet), settings.DatabaseTimes, time,
            Logging.GetLogger(system, typeof(DatabaseWatch)));
        _ = EndWithAsync(system, watch);
        return new FleetEntities(system, settings, gate, time);
    }

    public Task<EntityAnswer<LocationReply>> Ask(
        LayerBucket bucket, LocationCommand command, CancellationToken cancellation) =>
        Ask<LocationReply>(_locations, LocationKind.Kind, LocationKind.Id(bucket), command, cancellation);

    /// <summary>Announces what a host has in a bucket, in as many messages as needed.</summary>
    public async Task<EntityAnswer<LocationReply>> Announce(
        LayerBucket bucket, HostName host, LayerAnnouncement announcement, DateTimeOffset at,
        CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(AnnouncementPart.Split(announcement).Select(part => Ask<object>(
            _locations, LocationKind.Kind, LocationKind.Id(bucket), new EntityMessages.AnnouncePart(host, part, at),
            cancellation))).ConfigureAwait(false);
        foreach (var answer in answers)
        {
            if (answer.Refusal is { } refusal)
                return new(null, refusal);
            if (answer.Reply is LocationReply reply)
                return new(reply, null);
        }
        // The bucket has moved meanwhile and has lost the first parts.
        return new(null, new Refusal(
            RefusalKind.Busy, $"cannot change {LocationKind.Kind.Subject}", bucket.ToString(),
            "it moved to another host", "announce again"));
    }

    public Task<EntityAnswer<HostReply>> Ask(HostName host, HostCommand command, CancellationToken cancellation) =>
        Ask<HostReply>(_ledgers, LedgerKind.Kind, host.Value, command, cancellation);

    /// <summary>What the fleet knows about a host.</summary>
    public Task<EntityAnswer<HostLedger>> Show(HostName host, CancellationToken cancellation) =>
        Show<HostLedger>(_ledgers, LedgerKind.Kind, host.Value, cancellation);

    /// <summary>What the fleet knows about the layers in a bucket.</summary>
    public Task<EntityAnswer<LocationState>> Show(LayerBucket bucket, CancellationToken cancellation) =>
        Show<LocationState>(_locations, LocationKind.Kind, LocationKind.Id(bucket), cancellation);

    public Task<EntityAnswer<ImageReply>> Ask(
        ImageReference image, ImageCommand command, CancellationToken cancellation) =>
        Ask<ImageReply>(_images, ImageKind.Kind, image.Value, command, cancellation);

    /// <summary>What the fleet knows about an image.</summary>
    public Task<EntityAnswer<ImageState>> Show(ImageReference image, CancellationToken cancellation) =>
        Show<ImageState>(_images, ImageKind.Kind, image.Value, cancellation);

    public Task<EntityAnswer<ContainerReply>> Ask(
        ContainerName container, ContainerCommand command, CancellationToken cancellation) =>
        Ask<ContainerReply>(_containers, ContainerKind.Kind, container.Value, command, cancellation);

    /// <summary>What the fleet knows about a container.</summary>
    public Task<EntityAnswer<ContainerState>> Show(ContainerName container, CancellationToken cancellation) =>
        Show<ContainerState>(_containers, ContainerKind.Kind, container.Value, cancellation);

    /// <summary>All hosts that ever had an event in the fleet.</summary>
    public Task<EntityAnswer<IReadOnlyList<HostName>>> Hosts(CancellationToken cancellation) =>
        Names(LedgerKind.Kind, id => new HostName(id), cancellation);

    /// <summary>All images that any host ever announced or defined.</summary>
    public Task<EntityAnswer<IReadOnlyList<ImageReference>>> Images(CancellationToken cancellation) =>
        Names(ImageKind.Kind, id => new ImageReference(id), cancellation);

    /// <summary>All containers that any host ever announced or created.</summary>
    public Task<EntityAnswer<IReadOnlyList<ContainerName>>> Containers(CancellationToken cancellation) =>
        Names(ContainerKind.Kind, id => new ContainerName(id), cancellation);

    /// <summary>All buckets that ever had an announcement.</summary>
    public Task<EntityAnswer<IReadOnlyList<LayerBucket>>> Buckets(CancellationToken cancellation) => Names(
        LocationKind.Kind, id => new LayerBucket(int.Parse(id, CultureInfo.InvariantCulture)), cancellation);

    private async Task<EntityAnswer<IReadOnlyList<T>>> Names<T>(
        EntityKind kind, Func<string, T> read, CancellationToken cancellation)
    {
        const string What = "cannot list the fleet's";
        if (Database.Current.RefuseChange($"{What} {kind.Name}s", Database.Current.Where) is { } closed)
            return new(null, closed);
        try
        {
            var names = await _names.OfAsync(kind, cancellation).ConfigureAwait(false);
            return new([.. names.Select(read)], null);
        }
        // Whatever the driver throws, the database did not answer.
        catch (Exception cause) when (cause is not (OperationCanceledException or OutOfMemoryException))
        {
            Database.Suspect();
            return new(null, new Refusal(
                RefusalKind.WrongState, $"{What} {kind.Name}s", Database.Current.Where, cause.Message,
                "try again in a moment"));
        }
    }

    private static async Task EndWithAsync(ActorSystem system, DatabaseWatch watch)
    {
        await system.WhenTerminated.ConfigureAwait(false);
        await watch.DisposeAsync().ConfigureAwait(false);
    }

    private IActorRef Region(EntityKind kind, Func<string, Props> live)
    {
        Props Entity(string id) => Database.Current.IsReady
            ? live(id)
            : RefusingEntity.Props(
                () => Database.Current.RefuseChange($"cannot reach {kind.Subject}", id)
                    ?? new Refusal(
                        RefusalKind.Busy, $"cannot reach {kind.Subject}", id, "the fleet's database has just come back",
                        "try again"),
                Database);
        var sharding = ClusterSharding.Get(_system);
        var settings = ClusterShardingSettings.Create(_system);
        return sharding.Start(
            kind.Name, Entity, settings, EntityShards.Instance, sharding.DefaultShardAllocationStrategy(settings),
            EntityMessages.Stop.Instance);
    }

    private async Task<EntityAnswer<TState>> Show<TState>(
        IActorRef region, EntityKind kind, string id, CancellationToken cancellation)
        where TState : class
    {
        var pieces = new List<EntityMessages.Shown>();
        while (true)
        {
            var (shown, refusal) = await Ask<EntityMessages.Shown>(
                region, kind, id, new EntityMessages.Show(pieces.Count), cancellation).ConfigureAwait(false);
            if (shown is null)
                return new(null, refusal);
            // The state has changed since the first piece.
            if (pieces.Count > 0 && pieces[0].Version != shown.Version)
            {
                pieces.Clear();
                continue;
            }
            pieces.Add(shown);
            if (pieces.Count >= shown.Pieces)
                return new((TState)EntityPieces.Whole(pieces, _system)!, null);
        }
    }

    private async Task<EntityAnswer<TReply>> Ask<TReply>(
        IActorRef region, EntityKind kind, string id, object message, CancellationToken cancellation)
        where TReply : class
    {
        var asked = new EntityMessages.ToEntity(id, message);
        if (FleetSerializer.Excess(asked, _system) is { } size)
        {
            return new(null, new Refusal(
                RefusalKind.Invalid, $"cannot ask {kind.Subject}", id,
                $"the message has {size} bytes, and one between hosts has {FleetSerializer.MaxBytes} at most",
                "ask for less at a time"));
        }
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var answer = AskAgainAsync(region, asked, end.Token);
        var closed = LastWordsAsync(end.Token);
        try
        {
            await Task.WhenAny(answer, closed).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            return !answer.IsCompleted
                ? new(null, Unknown(kind, id, Database.Current.Words))
                : await answer.ConfigureAwait(false) switch
                {
                    EntityMessages.Unavailable unavailable => new(null, unavailable.Refusal),
                    TReply reply => new(reply, null),
                    null => new(null, Unknown(kind, id, $"no answer within {_times.Answer.TotalSeconds:0} s")),
                    var other => throw new InvalidOperationException($"no answer to {message}: {other}"),
                };
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            Watched(answer);
            Watched(closed);
        }
    }

    /// <returns>Null: there is no answer.</returns>
    private async Task<object?> AskAgainAsync(IActorRef region, object asked, CancellationToken cancellation)
    {
        var begun = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return await region.Ask<object>(asked, _times.Attempt, cancellation).ConfigureAwait(false);
            }
            catch (AskTimeoutException) when (_time.GetElapsedTime(begun) < _times.Answer)
            {
            }
            catch (AskTimeoutException)
            {
                return null;
            }
        }
    }

    /// <summary>Completes a while after the gate has closed: a request that still waits for the database would time
    /// out.</summary>
    private async Task LastWordsAsync(CancellationToken cancellation)
    {
        await Database.When(status => !status.IsReady, cancellation).ConfigureAwait(false);
        await Task.Delay(_times.LastWords, _time, cancellation).ConfigureAwait(false);
    }

    private static Refusal Unknown(EntityKind kind, string id, string why) => new(
        RefusalKind.TimedOut, $"no answer of {kind.Subject}", id, why, "try again in a moment");

    /// <summary>Marks a task's failure as observed: it is expected.</summary>
    private static void Watched(Task task) => _ = task.ContinueWith(
        static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);
}
