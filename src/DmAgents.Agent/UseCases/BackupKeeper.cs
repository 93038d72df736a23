using System.Collections.Concurrent;
using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>A new backup.</summary>
internal sealed record MadeBackup(BackupName Name, MetadataContent Content, ByteSizeAndTime Cost);

/// <summary>The cost of a backup.</summary>
internal sealed record ByteSizeAndTime(Domain.Units.ByteSize Size, TimeSpan Took);

/// <summary>Backs up the metadata of pools, one pool after the other, in parallel with other work: at an interval, and
/// after many changes. A backup holds the pool's metadata snapshot; other readers use it too meanwhile.</summary>
internal sealed class BackupKeeper(
    PoolGateway gateway, UsageReader usages, BackupProver prover, IKernel kernel, IDurableFiles files,
    PoolSettings settings, TimeProvider time, ILogger<BackupKeeper> log) : BackgroundService
{
    /// <summary>The longest pause between two checks for due backups, and so between two backups of a pool.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<PoolUuid, Watched> _watched = new();

    /// <summary>Backs a pool up. Success and failure are both journaled.</summary>
    public async Task<KernelResult<MadeBackup>> BackUp(PoolPicture pool)
    {
        var watched = WatchOf(pool);
        var before = pool.State.Devices;
        watched.Tried = time.GetUtcNow();
        var made = await usages.Beside(pool.Name, () => MakeNow(pool)).ConfigureAwait(false);
        if (made.Error is not { } error)
        {
            watched.Devices = before;
            watched.Failed = "";
            await Note(pool, new BackupOutcome.Made(
                made.Value.Name, made.Value.Content.TransactionId, made.Value.Content.Thins.Length,
                made.Value.Cost.Size, made.Value.Cost.Took)).ConfigureAwait(false);
        }
        else if (watched.Failed != error.ToString())
        {
            watched.Failed = error.ToString();
            log.BackupFailed(pool.Name, error);
            await Note(pool, new BackupOutcome.Failed(error.ToString())).ConfigureAwait(false);
        }
        return made;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.Backups.Every is not { } every)
            return;
        var pause = every / 4 < LongestPause ? every / 4 : LongestPause;
        using var timer = new PeriodicTimer(pause, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                foreach (var pool in gateway.Board.All.Where(IsDue).ToList())
                {
                    stoppingToken.ThrowIfCancellationRequested();
                    var made = await BackUp(pool).WaitAsync(stoppingToken).ConfigureAwait(false);
                    if (made.Succeeded)
                        await prover.ProveIfDue(pool, made.Value).WaitAsync(stoppingToken).ConfigureAwait(false);
                }
                foreach (var pool in gateway.Board.All.Where(CanProve).ToList())
                    await prover.ProveIfDue(pool, made: null).WaitAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The agent stops, and does not wait: an unfinished backup does not count, and the next opening releases
            // its snapshot.
        }
    }

    private bool IsDue(PoolPicture pool)
    {
        var watched = WatchOf(pool);
        return pool is { Phase: PoolPhase.Open, Health.CanChange: true } && BackupPlan.IsDue(
            settings.Backups, watched.Tried, pool.State.LastBackup, watched.Since, watched.Devices, pool.State.Devices,
            time.GetUtcNow());
    }

    private static bool CanProve(PoolPicture pool) =>
        pool is { Phase: PoolPhase.Open, State: { Identity: not null, LastBackup.Why: null } };

    private KernelResult<MadeBackup> MakeNow(PoolPicture pool)
    {
        if (pool.State.Identity is not { } identity || pool.Phase != PoolPhase.Open)
            return new KernelError(KernelFault.Busy, 0, "back up", pool.Name.Value, "the pool is not open");
        var effects = new BackupEffects(kernel, files, new PoolContext(identity, pool.Paths, DiscardOnRemove: false));
        var name = new BackupName(time.GetUtcNow());
        var begun = time.GetTimestamp();
        var made = effects.Make(name);
        if (!made.Succeeded)
            return made.Error;
        var took = time.GetElapsedTime(begun);
        var pruned = effects.Prune(settings.Backups);
        if (pruned.Error is { } kept)
            log.BackupsNotRemoved(pool.Name, kept);
        var size = files.SizeOf($"{pool.Paths.BackupDirectory}/{name.FileName}");
        return size.Succeeded ? new MadeBackup(name, made.Value, new ByteSizeAndTime(size.Value, took)) : size.Error;
    }

    private Watched WatchOf(PoolPicture pool) =>
        _watched.GetOrAdd(pool.Uuid, _ => new Watched { Since = time.GetUtcNow() });

    private Task Note(PoolPicture pool, BackupOutcome outcome) =>
        gateway.Note(pool.Name, outcome, time.GetUtcNow(), log);

    /// <summary>A pool's backups since the agent's start. One backup at a time writes it.</summary>
    private sealed class Watched
    {
        public DateTimeOffset Since { get; init; }

        public DateTimeOffset? Tried { get; set; }

        public ImmutableDictionary<ThinId, DeviceRecord>? Devices { get; set; }

        public string Failed { get; set; } = "";
    }
}
