using System.Collections.Concurrent;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>Sends a host's announcements to the fleet's entities, and records their answers. An unanswered announcement
/// stays due.</summary>
internal sealed class AnnouncementSender(
    AgentSettings settings, PoolBoard board, FleetStore store, DropQuestions questions, TimeProvider time,
    ILogger<AnnouncementSender> log)
{
    /// <summary>Concurrent announcements: fewer than connections to the database.</summary>
    private const int Beside = 8;

    private readonly ConcurrentDictionary<string, string> _said = new(StringComparer.Ordinal);

    public async Task<HostAnnouncer> SendAsync(
        FleetEntities entities, HostName host, HostAnnouncer announcer, HostInventory inventory,
        CancellationToken cancellation)
    {
        var isLedgerDue = announcer.Due.FirstOrDefault() is HostAnnouncement.ToLedger;
        announcer = await SendAllAsync(entities, host, announcer, cancellation).ConfigureAwait(false);
        // The others follow once the ledger has answered.
        if (isLedgerDue)
            announcer = await SendAllAsync(entities, host, announcer, cancellation).ConfigureAwait(false);
        return await DefineAsync(entities, announcer, inventory, cancellation).ConfigureAwait(false);
    }

    private async Task<HostAnnouncer> SendAllAsync(
        FleetEntities entities, HostName host, HostAnnouncer announcer, CancellationToken cancellation)
    {
        var answered = new ConcurrentBag<Func<HostAnnouncer, HostAnnouncer>>();
        await Parallel.ForEachAsync(
            announcer.Due, new ParallelOptions { MaxDegreeOfParallelism = Beside, CancellationToken = cancellation },
            async (due, end) =>
            {
                if (entities.Database.Current.IsReady
                    && await SendAsync(entities, host, due, end).ConfigureAwait(false) is { } take)
                    answered.Add(take);
            }).ConfigureAwait(false);
        return answered.Aggregate(announcer, (before, take) => take(before));
    }

    /// <returns>Null: no answer.</returns>
    private async Task<Func<HostAnnouncer, HostAnnouncer>?> SendAsync(
        FleetEntities entities, HostName host, HostAnnouncement due, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        switch (due)
        {
            case HostAnnouncement.ToLedger ledger:
                var heard = await entities.Ask(
                    host, new HostCommands.Announce(ledger.Stamp, ledger.Capacity, now), cancellation)
                    .ConfigureAwait(false);
                return heard.Reply is { } toLedger ? each => each.Answered(toLedger) : null;
            case HostAnnouncement.ToBucket bucket:
                var located = await entities.Announce(bucket.Bucket, host, bucket.Announcement, now, cancellation)
                    .ConfigureAwait(false);
                return located.Reply is { } toBucket ? each => each.Answered(bucket.Bucket, toBucket) : null;
            case HostAnnouncement.ToImage image:
                var known = await entities.Ask(
                    image.Image, new ImageCommands.Announce(host, image.Stamp, image.Said.Holding, now), cancellation)
                    .ConfigureAwait(false);
                if (known.Reply is not { } toImage)
                    return null;
                if (image.Said.Question is { } asked && questions.Of(image.Image) is { } question && question.Id == asked)
                    question.Answered(toImage);
                return each => each.Answered(image.Image, toImage);
            case HostAnnouncement.ToContainer container:
                var owned = await entities.Ask(
                    container.Container, new ContainerCommands.Announce(host, container.Stamp, container.Epoch, now),
                    cancellation).ConfigureAwait(false);
                return owned.Reply is { } toContainer && Heed(container.Container, toContainer)
                    ? each => each.Answered(container.Container, toContainer) : null;
            default:
                throw new InvalidOperationException($"an announcement of no known kind: {due}");
        }
    }

    /// <returns>False: the answer could not be stored, and the question is repeated.</returns>
    private bool Heed(ContainerName name, ContainerReply reply)
    {
        switch (reply)
        {
            case ContainerReplies.Owns owns:
                return Take(name, owns.Epoch);
            case ContainerReplies.NameTaken taken:
                Say($"container {name}", $"{taken.Refusal}; next: {taken.Refusal.Next}");
                return true;
            default:
                return true;
        }
    }

    /// <summary>Gives one device the epoch. If two devices have this name, neither gets it, since the fleet may mean
    /// either: a container without an epoch is never removed for the fleet.</summary>
    private bool Take(ContainerName name, ContainerEpoch epoch)
    {
        var devices = DevicesOf(name).ToList();
        if (devices.Count == 0 || devices.Exists(one => store.Epochs.EpochOf(one.Pool.Uuid, name, one.Device) == epoch))
            return true;
        var closed = store.Epochs.PoolOf(name) is { } other
            ? board.All.FirstOrDefault(pool => pool.Uuid == other && pool.Phase != PoolPhase.Open)
            : null;
        if (devices.Count > 1 || closed is not null)
        {
            var pools = devices.Select(one => one.Pool).Append(closed).OfType<PoolPicture>().Select(pool => pool.Name);
            Say($"container {name}", $"the pools {string.Join(", ", pools)} have one of this name each, so that the fleet"
                + $" removes none; next: remove one: dmagent container remove {name} --pool POOL");
            return false;
        }
        if (store.Epochs.Give(devices[0].Pool.Uuid, name, devices[0].Device, epoch) is not { Error: { } error })
            return true;
        Say($"container {name}", $"its epoch is not on disk: {error}");
        return false;
    }

    private IEnumerable<(PoolPicture Pool, DeviceRecord Device)> DevicesOf(ContainerName name) =>
        from pool in board.All
        where pool.Phase == PoolPhase.Open
        let device = pool.State.Find(DeviceKey.Container(name.Value))
        where device is { Kind: DeviceKind.Container, Phase: DevicePhase.Ready }
        select (pool, device);

    private async Task<HostAnnouncer> DefineAsync(
        FleetEntities entities, HostAnnouncer announcer, HostInventory inventory, CancellationToken cancellation)
    {
        foreach (var (image, inPlaceOf) in announcer.Undefined)
        {
            if (inventory.Images.GetValueOrDefault(image) is not { Lineage: { } lineage } held)
                continue;
            var replaces = false;
            if (inPlaceOf is { } before)
            {
                var (state, _) = await entities.Show(image, cancellation).ConfigureAwait(false);
                if (state is null)
                    continue;
                replaces = state.Config == before;
            }
            var (reply, _) = await entities.Ask(
                image, new ImageCommands.Define(
                    new RequestId(Guid.NewGuid()), held.Holding.Config, lineage, settings.Fleet.Copies, replaces,
                    time.GetUtcNow()),
                cancellation).ConfigureAwait(false);
            if (reply is ImageReplies.Refused { Refusal: var refusal })
                Say($"image {image}", $"{refusal.Why}; next: {refusal.Next}");
            if (reply is not null)
                announcer = announcer.Defined(image);
        }
        return announcer;
    }

    /// <summary>Logs a message once, as long as it is the same.</summary>
    private void Say(string subject, string what)
    {
        if (_said.GetValueOrDefault(subject) == what)
            return;
        _said[subject] = what;
        log.AnnouncementRefused(subject, what);
    }
}
