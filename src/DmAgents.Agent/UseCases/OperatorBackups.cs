using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>An existing backup.</summary>
/// <param name="Transaction">Null if the file does not contain it.</param>
/// <param name="Proof">Null if its restoration was not tested.</param>
internal sealed record KnownBackup(BackupFile File, TransactionId? Transaction, BackupProof? Proof);

/// <summary>A backup that an operator has made.</summary>
/// <param name="Proof">Null if the proof takes longer than the operator waits: it follows later.</param>
internal sealed record ProvedBackup(MadeBackup Made, BackupProof? Proof);

/// <summary>Backups of a pool's metadata on an operator's request.</summary>
internal sealed class OperatorBackups(
    BackupKeeper keeper, BackupProver prover, IKernel kernel, IDurableFiles files, TimeProvider time)
{
    public const string CannotList = "cannot list backups";

    public const string CannotMake = "cannot back metadata up";

    /// <summary>Below the shortest timeout of the command line.</summary>
    private static readonly TimeSpan ProofPatience = TimeSpan.FromSeconds(10);

    /// <summary>The latest first. Reads the disk.</summary>
    public ImmutableArray<KnownBackup> List(PoolPicture pool)
    {
        var identity = PoolGateway.IdentityOf(CannotList, pool);
        var backups = new BackupEffects(kernel, files, new PoolContext(identity, pool.Paths, DiscardOnRemove: false));
        var present = backups.List();
        return present.Succeeded
            ?
            [
                .. present.Value.Select(file => new KnownBackup(
                    file, backups.TransactionOf(file.Name), pool.State.Proofs.Of(file.Name.ToString()))),
            ]
            : throw Refusals.Of(CannotList, pool.Name.Value, present.Error);
    }

    /// <summary>Makes a backup and proves it, so that the operator knows that it is restorable. The proof of a large
    /// one follows after the reply.</summary>
    public async Task<ProvedBackup> Make(PoolPicture pool)
    {
        var made = await keeper.BackUp(pool).ConfigureAwait(false);
        if (!made.Succeeded)
            throw Refusals.Of(CannotMake, pool.Name.Value, made.Error);
        var proving = prover.Prove(pool, made.Value.Name, made.Value.Content);
        await Task.WhenAny(proving, Task.Delay(ProofPatience, time)).ConfigureAwait(false);
        return new ProvedBackup(
            made.Value, proving.IsCompleted ? await proving.ConfigureAwait(false) : null);
    }
}
