using System.Collections.Concurrent;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>Releases a copy of the fleet if there are too many. The host asks first. The copy does not count from this
/// question until the host has removed it, or keeps it. So the fleet never has fewer copies than it agreed
/// to.</summary>
internal sealed class ReleaseOrders(
    PoolGateway gateway, DropQuestions questions, FleetMadeImages made, TimeProvider time, ILogger<ReleaseOrders> log)
{
    /// <summary>Without an answer the copy is kept, and counts again; the order is repeated.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<ImageReference, bool> _underWay = new();

    /// <summary>Why a copy is not removed: logged once, since orders are repeated.</summary>
    private readonly ConcurrentDictionary<ImageReference, string> _stays = new();

    public async Task ExecuteAsync(HostOrders.ReleaseImage order, CancellationToken stopping)
    {
        if (!_underWay.TryAdd(order.Image, true))
            return;
        try
        {
            if (!IsTheFleets(order.Image))
                return;
            using var question = questions.Ask(order.Image, HoldingKind.Releasing);
            if (question is null)
                return;
            var answer = await question.Answer.WaitAsync(Patience, time, stopping).ConfigureAwait(false);
            if (answer is ImageReplies.MayDrop && IsTheFleets(order.Image))
            {
                await DropAsync(order.Image, stopping).ConfigureAwait(false);
                _stays.TryRemove(order.Image, out _);
            }
        }
        catch (TimeoutException)
        {
        }
        catch (RefusedException refused)
        {
            NoteStays(order.Image, refused.Refusal);
        }
        finally
        {
            _underWay.TryRemove(order.Image, out _);
        }
    }

    internal void NoteStays(ImageReference image, Refusal refusal)
    {
        if (_stays.GetValueOrDefault(image) != refusal.ToString())
            log.CopyNotRemoved(image, refusal);
        _stays[image] = refusal.ToString();
    }

    private IEnumerable<(PoolPicture Pool, ImageRecord Image)> Copies(ImageReference reference) =>
        from pool in gateway.Board.All
        let image = pool.State.Images.GetValueOrDefault(reference)
        where image is not null
        select (pool, image);

    /// <summary>The fleet ordered all of the host's copies.</summary>
    private bool IsTheFleets(ImageReference reference) =>
        Copies(reference).Any() && Copies(reference).All(copy =>
            made.Made(copy.Pool.Name, copy.Image));

    /// <summary>Asks until the outcome is known: a command without an answer may have been executed, or may still be,
    /// and until then the copy must not count. The same request is repeated, so that nothing is done twice.</summary>
    internal static async Task<PoolReply> OutcomeOf(
        Func<Task<PoolReply>> ask, TimeSpan pause, TimeProvider time, CancellationToken stopping)
    {
        for (var isUnknown = false; ; await Task.Delay(pause, time, stopping).ConfigureAwait(false))
        {
            var reply = await ask().ConfigureAwait(false);
            if (reply is not PoolReplies.Refused { Refusal.Kind: var kind })
                return reply;
            isUnknown |= kind == RefusalKind.TimedOut;
            // The answer of a busy or reopening pool says nothing about the outcome of the first request.
            if (!isUnknown || kind is not (RefusalKind.TimedOut or RefusalKind.Busy or RefusalKind.WrongState))
                return reply;
        }
    }

    private async Task DropAsync(ImageReference reference, CancellationToken stopping)
    {
        foreach (var (pool, image) in Copies(reference).ToList())
        {
            // The fleet was asked about this image: another one may have the name since.
            var untag = new PoolCommands.UntagImage(
                new RequestId(Guid.NewGuid()), image.Reference, gateway.Now, image.ConfigDigest);
            var reply = await OutcomeOf(
                () => gateway.Request(pool.Name, untag, stopping), Pause, time, stopping).ConfigureAwait(false);
            if (reply is PoolReplies.Refused { Refusal: { Kind: not RefusalKind.NotFound } refusal })
                throw Refusals.Of(refusal);
            log.CopyRemoved(reference, pool.Name);
        }
    }
}
