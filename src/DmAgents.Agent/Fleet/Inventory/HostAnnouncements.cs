using System.Collections.Immutable;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>Announces to the fleet's entities what this host has, soon after each change, and everything again from
/// time to time. Each life of the fleet's system is another incarnation, stored on disk. While the database is away
/// nothing is sent; due announcements follow as soon as it is back.</summary>
internal sealed class HostAnnouncements(
    AgentSettings settings, FleetEntityAccess access, HostInventories inventories, AnnouncementSender sender,
    LayerDigests digests, DropQuestions questions, FleetStore store, PoolBoard board, TimeProvider time,
    ILogger<HostAnnouncements> log) : IFleetPart
{
    private bool _isUnwritable;

    private AnnounceTimes Times => settings.Fleet.Announce;

    public Task RunAsync(FleetPlace place, CancellationToken end) => settings.Fleet.Database is null
        ? Task.CompletedTask
        : Task.WhenAll(
            Endless("the contents of layers", () => digests.RunAsync(end), end),
            Endless("announcements", () => AnnounceAsync(place, end), end));

    /// <summary>Runs each loop separately: a fault in one is logged, and that loop restarts. The other loop never ends,
    /// so waiting for both would hide the fault.</summary>
    internal async Task Endless(string what, Func<Task> loop, CancellationToken end)
    {
        while (true)
        {
            try
            {
                await loop().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                log.AnnouncementsFault(fault, what);
            }
            await Task.Delay(Times.Retry, time, end).ConfigureAwait(false);
        }
    }

    private async Task AnnounceAsync(FleetPlace place, CancellationToken end)
    {
        while (true)
        {
            var entities = await access.WhenReady(end).ConfigureAwait(false);
            if (await BeginAsync(entities, place, end).ConfigureAwait(false) is { } announcer)
                await LiveAsync(entities, place, announcer, end).ConfigureAwait(false);
            await Task.Delay(Times.Retry, time, end).ConfigureAwait(false);
        }
    }

    /// <summary>The next incarnation, stored on disk and higher than any that the fleet knows.</summary>
    /// <returns>Null: the fleet or the disk does not respond at present.</returns>
    private async Task<HostAnnouncer?> BeginAsync(FleetEntities entities, FleetPlace place, CancellationToken end)
    {
        var (ledger, _) = await entities.Show(place.Host, end).ConfigureAwait(false);
        if (ledger is null)
            return null;
        var kept = store.Memory.Read(place.Id);
        var last = Math.Max(kept?.Incarnation.Number ?? 0, ledger.Hearing?.Last.Incarnation.Number ?? 0);
        var traces = kept?.Traces;
        // A host unknown to the fleet has left no traces; the traces of one that lost its file may be anywhere.
        if (traces is null)
            traces = ledger.Hearing is null ? FleetTraces.None : await AllAsync(entities, end).ConfigureAwait(false);
        if (traces is null)
            return null;
        var announcer = new HostAnnouncer(new Incarnation(last + 1), traces);
        return Keep(place, announcer) ? announcer : null;
    }

    /// <summary>Everything that the fleet knows; null if it is unavailable at present.</summary>
    private static async Task<FleetTraces?> AllAsync(FleetEntities entities, CancellationToken end)
    {
        var (buckets, _) = await entities.Buckets(end).ConfigureAwait(false);
        var (images, _) = await entities.Images(end).ConfigureAwait(false);
        var (containers, _) = await entities.Containers(end).ConfigureAwait(false);
        return buckets is null || images is null || containers is null
            ? null
            : new FleetTraces(
                [.. buckets.Select(bucket => bucket.Index)],
                FleetTraces.None.Images.Union(images.Select(image => image.Value)),
                FleetTraces.None.Containers.Union(containers.Select(container => container.Value)));
    }

    /// <summary>Ends with the system's life, or if the fleet says that the incarnation has ended.</summary>
    private async Task LiveAsync(
        FleetEntities entities, FleetPlace place, HostAnnouncer announcer, CancellationToken end)
    {
        var repeated = time.GetTimestamp();
        var kept = announcer.Traces;
        while (await access.WhenReady(end).ConfigureAwait(false) == entities)
        {
            var isDue = true;
            HostInventory? said = null;
            // Taken before anything is read, so that no change is missed.
            Task[] changes = [board.Changed, digests.Changed, questions.Changed, store.Epochs.Changed];
            if (inventories.Now() is { } inventory)
            {
                store.Epochs.Keep(inventory.Pools, inventory.Containers.Keys.ToImmutableHashSet());
                announcer = announcer.Offer(inventory);
                if (announcer.Traces.IsSame(kept) || Keep(place, announcer))
                {
                    kept = announcer.Traces;
                    announcer = await sender.SendAsync(entities, place.Host, announcer, inventory, end)
                        .ConfigureAwait(false);
                }
                if (announcer.Ended)
                {
                    log.AnnouncementsBeginAnew(place.Fleet);
                    return;
                }
                said = inventory;
                isDue = announcer.Due.Any() || announcer.Undefined.Keys.Any(image =>
                    inventory.Images.GetValueOrDefault(image) is { Lineage: not null });
            }
            await PauseAsync(isDue ? Times.Retry : Times.Pace, said, end).ConfigureAwait(false);
            if (!isDue)
                await AwaitAsync(entities, changes, repeated, end).ConfigureAwait(false);
            if (time.GetElapsedTime(repeated) >= Times.Repeat)
                (announcer, repeated) = (announcer.Repeat(), time.GetTimestamp());
        }
    }

    /// <summary>The pause between two rounds. A new layer ends it: another host that looks for the layer relies on the
    /// bucket, and would otherwise download from the registry.</summary>
    /// <param name="said">The last announced inventory; null: none.</param>
    private async Task PauseAsync(TimeSpan pause, HostInventory? said, CancellationToken end)
    {
        var over = Task.Delay(pause, time, end);
        var known = said?.Layers.Select(layer => layer.Layer).ToHashSet();
        while (!over.IsCompleted)
        {
            var change = board.Changed;
            if (known is not null && inventories.HasLayerBeside(known))
                return;
            await Task.WhenAny(known is null ? [over] : [over, change]).ConfigureAwait(false);
            // Pictures change all the time, and layers rarely.
            await Task.WhenAny(over, Task.Delay(Times.Glance, time, end)).ConfigureAwait(false);
        }
        await over.ConfigureAwait(false);
    }

    private async Task AwaitAsync(FleetEntities entities, Task[] changes, long repeated, CancellationToken end)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end);
        var left = Times.Repeat - time.GetElapsedTime(repeated);
        var due = Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, either.Token);
        await Task.WhenAny([due, access.WhenGone(entities, either.Token), .. changes]).ConfigureAwait(false);
        await either.CancelAsync().ConfigureAwait(false);
        end.ThrowIfCancellationRequested();
    }

    /// <returns>True if it is on disk.</returns>
    private bool Keep(FleetPlace place, HostAnnouncer announcer)
    {
        var written = store.Memory.Write(new FleetMemory(place.Id, announcer.Incarnation, announcer.Traces));
        if (!written.Succeeded && !_isUnwritable)
            log.AnnouncementsBlocked(place.Fleet, written.Error);
        _isUnwritable = !written.Succeeded;
        return written.Succeeded;
    }
}
