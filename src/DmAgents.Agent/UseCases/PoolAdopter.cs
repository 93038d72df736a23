using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>Which pool to adopt.</summary>
/// <param name="Backing">What it lies on; null: as its files or its journal say.</param>
/// <param name="DryRun">Only report what would be adopted.</param>
internal sealed record AdoptionAsked(RequestId Request, PoolName Pool, BackingRequest? Backing, bool DryRun);

/// <summary>Adopts an existing pool that has no journal, or another pool's journal.</summary>
internal sealed class PoolAdopter(PoolGateway gateway, AdoptionSearch search, IKernel kernel)
{
    public const string What = "cannot adopt pool";

    public async Task<AdoptionReport> Adopt(AdoptionAsked asked, CancellationToken cancellation)
    {
        if (gateway.Board.Find(asked.Pool) is { } pool && PoolGateway.WasDone(pool, asked.Request))
            return AdoptionReport.AsItIs(pool.State);
        var found = await Task.Run(() => search.Look(asked.Pool, asked.Request, asked.Backing), cancellation)
            .ConfigureAwait(false);
        if (asked.DryRun)
        {
            if (found.Reading.Leave(found.Content).Error is { } error)
                throw Refusals.Of("cannot take down again", asked.Pool.Value, error);
        }
        else
        {
            await TakeOver(asked.Request, found, cancellation).ConfigureAwait(false);
        }
        return AdoptionReport.Of(found, asked.DryRun);
    }

    private async Task TakeOver(RequestId request, AdoptionProposal found, CancellationToken cancellation)
    {
        var isTaken = false;
        try
        {
            await gateway.Ask(found.Identity.Name, CommandOf(request, found), cancellation).ConfigureAwait(false);
            isTaken = true;
        }
        finally
        {
            if (!isTaken)
                Abandon(found);
        }
    }

    private PoolCommands.Adopt CommandOf(RequestId request, AdoptionProposal found) => new(
        request, found.Identity, found.Plan, found.Content.Status.TransactionId, found.Files.Spares, gateway.Now)
    {
        Takeover = found.Files.Takeover, Kept = found.Files.Kept,
    };

    /// <summary>After a failed adoption: deactivates what was made live for reading, unless the pool has another owner
    /// by now.</summary>
    private void Abandon(AdoptionProposal found)
    {
        var claimed = kernel.Claim(found.Identity.Uuid);
        if (!claimed.Succeeded)
            return;
        using var claim = claimed.Value;
        found.Reading.Leave(found.Content);
    }
}
