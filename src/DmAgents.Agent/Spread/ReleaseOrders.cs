using System.Collections.Concurrent;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>
/// Lets a copy of the fleet go because there are too many. The host asks first; from its question until it has removed
/// the copy, or keeps it, the copy does not count. So the fleet never has fewer than it was asked about.
/// </summary>
internal sealed class ReleaseOrders(
    PoolGateway gateway, DropQuestions questions, FleetMadeImages made, TimeProvider time, ILogger<ReleaseOrders> log)
{
    /// <summary>Without an answer the copy is kept, and counts again; the order is repeated.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ImageReference, bool> _underWay = new();

    public async Task ExecuteAsync(HostOrders.ReleaseImage order, CancellationToken stopping)
    {
        if (!_underWay.TryAdd(order.Image, true))
            return;
        try
        {
            if (!IsTheFleets(order.Image) || questions.Of(order.Image) is not null)
                return;
            using var question = questions.Ask(order.Image, HoldingKind.Releasing);
            var answer = await question.Answer.WaitAsync(Patience, time, stopping).ConfigureAwait(false);
            if (answer is ImageReplies.MayDrop && IsTheFleets(order.Image))
                await DropAsync(order.Image, stopping).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
        }
        catch (RefusedException refused)
        {
            log.LogWarning("a copy that the fleet has too many of stays: {Refusal}", refused.Refusal);
        }
        finally
        {
            _underWay.TryRemove(order.Image, out _);
        }
    }

    private IEnumerable<(PoolPicture Pool, ImageRecord Image)> Copies(ImageReference reference) =>
        from pool in gateway.Board.All
        let image = pool.State.Images.GetValueOrDefault(reference)
        where image is not null
        select (pool, image);

    /// <summary>All of the host's copies were ordered by the fleet.</summary>
    private bool IsTheFleets(ImageReference reference) =>
        Copies(reference).Any() && Copies(reference).All(copy =>
            made.Made(copy.Pool.Name, copy.Image));

    private async Task DropAsync(ImageReference reference, CancellationToken stopping)
    {
        foreach (var (pool, image) in Copies(reference).ToList())
        {
            await gateway.Ask(
                pool.Name, new PoolCommands.UntagImage(new RequestId(Guid.NewGuid()), image.Reference, gateway.Now),
                stopping).ConfigureAwait(false);
            log.LogInformation(
                "image {Image} was removed from pool {Pool}: the fleet has enough copies", reference, pool.Name);
        }
    }
}
