using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>A backup that is there.</summary>
/// <param name="Transaction">Null if the file does not say it.</param>
/// <param name="Proof">Null if it was not tried whether it can be restored.</param>
internal sealed record KnownBackup(BackupFile File, TransactionId? Transaction, BackupProof? Proof);

/// <summary>A backup that an operator has made.</summary>
/// <param name="Proof">Null if the proof takes longer than the operator waits: it comes later.</param>
internal sealed record ProvedBackup(MadeBackup Made, BackupProof? Proof);

/// <summary>Backups of a pool's metadata that an operator asks for.</summary>
internal sealed class OperatorBackups(
    BackupKeeper keeper, BackupProver prover, IKernel kernel, IDurableFiles files, TimeProvider time)
{
    public const string CannotList = "cannot list backups";

    public const string CannotMake = "cannot back metadata up";

    /// <summary>Below the shortest patience of the command line.</summary>
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

    /// <summary>Makes one. An operator wants to know that it can be restored; a large one is proved after the answer.
    /// </summary>
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
