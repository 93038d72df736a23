using System.Collections.Concurrent;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>Finds the images whose only verified copy in the fleet is on this host. If the host leaves, they stay in
/// its pools, and no other host can get them.</summary>
internal sealed class LoneCopies(FleetEntityAccess access, PoolGateway gateway, TimeProvider time)
{
    /// <summary>Concurrent questions: fewer than connections to the database.</summary>
    private const int Beside = 8;

    /// <summary>Maximum number of names in a refusal.</summary>
    private const int Shown = 3;

    /// <summary>Timeout of the fleet's answers. Copies unknown by then do not block the leave: nothing is
    /// lost.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(4);

    /// <exception cref="RefusedException">There is such an image.</exception>
    public async Task Refuse(string what, HostName self, CancellationToken cancellation)
    {
        if (!access.TryFind(what, self.Value, out var entities, out _))
            return;
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        var lone = new ConcurrentBag<ImageReference>();
        try
        {
            await Parallel.ForEachAsync(
                Whole(), new ParallelOptions { MaxDegreeOfParallelism = Beside, CancellationToken = either.Token },
                async (image, end) =>
                {
                    var (state, _) = await entities.Show(image.Reference, end).ConfigureAwait(false);
                    if (state is { Config: { } config } && config.Value == image.ConfigDigest
                        && state.Holders.SequenceEqual([self]))
                        lone.Add(image.Reference);
                }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
        }
        var names = lone.Select(image => image.Value).Order(StringComparer.Ordinal).ToList();
        if (names.Count == 0)
            return;
        var more = names.Count > Shown ? $" and {names.Count - Shown} more" : "";
        throw Refusals.Because(
            RefusalKind.WrongState, what, self.Value,
            $"the fleet has no other verified copy of {string.Join(", ", names.Take(Shown))}{more}",
            $"have the fleet copy them first: dmagent image copies {names[0]} 2; or leave in any case, they stay in "
            + "this host's pools: dmagent fleet leave --force");
    }

    private IEnumerable<ImageRecord> Whole() => gateway.Board.All
        .SelectMany(pool => pool.State.Images.Values.Where(image => HostInventories.IsWhole(pool, image)))
        .DistinctBy(image => image.Reference);
}
