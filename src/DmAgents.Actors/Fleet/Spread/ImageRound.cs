using System.Collections.Immutable;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Fleet.Orders;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>One round for an image: notes what happened to its hosts, decides, and sends requests to other entities and
/// hosts. Stateless: after an interruption anywhere, the next round starts from the image's state. A change of the
/// image ends the round, because the change causes the next one.</summary>
internal sealed class ImageRound(
    IFleetEntities entities, IHostMail hosts, KnownLedgers ledgers, SpreadSettings settings, TimeProvider time)
{
    public async Task RunAsync(ImageState state, CancellationToken cancellation)
    {
        if (!state.IsKnown)
            return;
        var reached = hosts.Reached;
        var known = await ledgers.OfAsync(
            state.Hosts.Keys.Concat(state.Copies.Values.Select(copy => copy.Target)), reached, cancellation)
            .ConfigureAwait(false);
        if (known is null || await NoteGoneAsync(state, known, cancellation).ConfigureAwait(false)
            || await ReleasePinsAsync(state, cancellation).ConfigureAwait(false))
            return;
        var there = known.Where(ledger => reached.Contains(ledger.Host));
        if (!IsInGrace(state) && await ConsiderAsync(state, [.. there], cancellation).ConfigureAwait(false))
            return;
        foreach (var work in ImageWork.Of(state))
            await DoAsync(state, work, reached, cancellation).ConfigureAwait(false);
        foreach (var (host, copy) in ImageCare.Forgotten(state, known))
        {
            ledgers.Forget(host);
            await entities.Ask(host, new HostCommands.Release(copy, time.GetUtcNow()), cancellation)
                .ConfigureAwait(false);
        }
    }

    /// <summary>While the entities accepted no changes, no host could renew its copy. Therefore no copy is given up
    /// until a whole lease has passed since. Other decisions wait too.</summary>
    private bool IsInGrace(ImageState state)
    {
        var now = time.GetUtcNow();
        return state.Copies.Values.Any(copy => copy.Until <= now)
            && (entities.ReadySince is not { } since || now - since < settings.CopyLease);
    }

    /// <returns>True if the image changes.</returns>
    private async Task<bool> NoteGoneAsync(
        ImageState state, IReadOnlyList<HostLedger> known, CancellationToken cancellation)
    {
        var gone = ImageCare.Gone(state, known, time.GetUtcNow()).ToList();
        foreach (var host in gone)
            await entities.Ask(state.Reference, host, cancellation).ConfigureAwait(false);
        return gone.Count > 0;
    }

    /// <summary>A removed container releases its pins itself, unless its driver died before and no message has reached
    /// its entity since.</summary>
    /// <returns>True if the image changes.</returns>
    private async Task<bool> ReleasePinsAsync(ImageState state, CancellationToken cancellation)
    {
        var changes = false;
        foreach (var (host, owner) in ImageCare.UncertainPins(state))
        {
            var (container, _) = await entities.Show(owner!.Container, cancellation).ConfigureAwait(false);
            if (container is null || ContainerCare.NeedsImage(container, host, owner.Epoch))
                continue;
            await entities.Ask(
                state.Reference, new ImageCommands.ReleasePins(owner, time.GetUtcNow()), cancellation)
                .ConfigureAwait(false);
            changes = true;
        }
        return changes;
    }

    /// <summary>Asks the entity only if it has something to decide, or must stay in memory because it will.</summary>
    /// <returns>True if the image changes.</returns>
    private async Task<bool> ConsiderAsync(
        ImageState state, IReadOnlyList<HostLedger> known, CancellationToken cancellation)
    {
        var (events, consider) = Foresee(state, known, []);
        if (events.Any(e => e is ImageEvents.CopyPlanned))
        {
            // Only now does it matter which layers of the lineage hosts have.
            var located = await LocateAsync(state, cancellation).ConfigureAwait(false);
            (events, consider) = Foresee(state, known, located);
        }
        if (!events.IsEmpty || ImageCare.IsNeeded(state))
            await entities.Ask(state.Reference, consider, cancellation).ConfigureAwait(false);
        return !events.IsEmpty;
    }

    private (ImmutableArray<ImageEvent> Events, ImageCommands.Consider Command) Foresee(
        ImageState state, IReadOnlyList<HostLedger> known, ImmutableArray<ImmutableArray<LayerCopy>> located)
    {
        var at = time.GetUtcNow();
        var consider = new ImageCommands.Consider(
            ImageCare.Offers(state, known, located, at), settings.Policy, at);
        return (ImageDecider.Decide(state, consider).Events, consider);
    }

    /// <summary>A bucket that does not answer counts as one without the layer: the image is copied all the
    /// same.</summary>
    private async Task<ImmutableArray<ImmutableArray<LayerCopy>>> LocateAsync(
        ImageState state, CancellationToken cancellation)
    {
        var located = await Task.WhenAll(state.Lineage.Select(layer => entities.Ask(
            LayerBucket.Of(layer.Layer), new LocationCommands.Locate(layer.Layer, time.GetUtcNow()), cancellation)))
            .ConfigureAwait(false);
        return [.. located.Select(answer => answer.Reply is LocationReplies.Located found ? found.Copies : [])];
    }

    private async Task DoAsync(
        ImageState state, ImageWork work, IReadOnlyCollection<HostName> reached, CancellationToken cancellation)
    {
        switch (work)
        {
            case ImageWork.Promise promise:
                await PromiseAsync(state, promise, cancellation).ConfigureAwait(false);
                break;
            case ImageWork.Copy copy when state.Copies[copy.Id.Number].Pool is { } pool:
                hosts.Send(copy.Host, new HostOrders.CopyImage(
                    copy.Id, copy.Incarnation, pool,
                    [.. state.Holders.Where(host => host != copy.Host && reached.Contains(host))]));
                break;
            case ImageWork.Release release:
                hosts.Send(release.Host, new HostOrders.ReleaseImage(release.Image));
                break;
            default:
                throw new InvalidOperationException($"work of no known kind: {work}");
        }
    }

    private async Task PromiseAsync(ImageState state, ImageWork.Promise work, CancellationToken cancellation)
    {
        var promised = await entities.Ask(work.Host, new HostCommands.Promise(
            work.Id, work.Incarnation, work.Space, settings.CopyLease, time.GetUtcNow()), cancellation)
            .ConfigureAwait(false);
        ledgers.Forget(work.Host);
        ImageCommand? next = promised.Reply switch
        {
            HostReplies.Kept kept when state.Copies[work.Id.Number].Phase == CopyPhase.Planned =>
                new ImageCommands.NotePromise(
                    work.Id.Number, kept.Promise.Pool, settings.CopyLease, time.GetUtcNow()),
            HostReplies.Refused refused => new ImageCommands.NoteFailure(
                work.Id.Number, refused.Refusal.Why, settings.RetryAfter, time.GetUtcNow()),
            _ => null,
        };
        if (next is not null)
            await entities.Ask(state.Reference, next, cancellation).ConfigureAwait(false);
    }
}
