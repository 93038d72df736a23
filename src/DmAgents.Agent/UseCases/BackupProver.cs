using DmAgents.Actors.Pools;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>Tests whether backups of pools can be restored: into files, one at a time, in parallel with other work. The
/// pools are not used for it. The result is journaled.</summary>
internal sealed class BackupProver(
    PoolGateway gateway, IKernel kernel, IDurableFiles files, PoolSettings settings, TimeProvider time,
    ILogger<BackupProver> log) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    public void Dispose() => _turn.Dispose();

    /// <summary>Proves the pool's latest backup, if due.</summary>
    /// <param name="made">The latest backup, if it was made just now.</param>
    /// <returns>Null: no proof is due.</returns>
    public async Task<BackupProof?> ProveIfDue(PoolPicture pool, MadeBackup? made)
    {
        var latest = made is null ? pool.State.LastBackup : new BackupRecord(made.Name.ToString(), null, made.Name.At);
        return ProofPlan.Due(settings.Backups.Proofs, latest, pool.State.Proofs, time.GetUtcNow()) is { } name
            ? await Prove(pool, name, made?.Content).ConfigureAwait(false)
            : null;
    }

    /// <param name="written">The content that was backed up, if known.</param>
    public async Task<BackupProof> Prove(PoolPicture pool, BackupName name, MetadataContent? written)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            var proof = await Task.Run(() => ProveNow(pool, name, written)).ConfigureAwait(false);
            await Note(pool, name, proof).ConfigureAwait(false);
            return proof;
        }
        finally
        {
            _turn.Release();
        }
    }

    private BackupProof ProveNow(PoolPicture pool, BackupName name, MetadataContent? written)
    {
        var begun = time.GetTimestamp();
        var context = new PoolContext(pool.State.Identity!, pool.Paths, DiscardOnRemove: false);
        var proved = new BackupEffects(kernel, files, context).Prove(name, pool.State.Shape, written);
        return new BackupProof(proved.Error?.ToString(), time.GetElapsedTime(begun), time.GetUtcNow());
    }

    private Task Note(PoolPicture pool, BackupName name, BackupProof proof)
    {
        if (proof.Why is { } why)
            log.BackupNotProved(pool.Name, name, why);
        BackupOutcome outcome = proof.Why is null
            ? new BackupOutcome.Proved(name, proof.Took)
            : new BackupOutcome.NotProved(name, proof.Why, proof.Took);
        return gateway.Note(pool.Name, outcome, proof.At, log);
    }
}
