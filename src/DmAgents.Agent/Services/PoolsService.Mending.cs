using DmAgents.Actors.Pools;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Mending;
using Grpc.Core;
using BackupProof = DmAgents.Domain.Pools.Mending.BackupProof;

namespace DmAgents.Agent.Services;

/// <summary>Pools of the admin API: their own metadata, mended and backed up.</summary>
internal sealed partial class PoolsService
{
    /// <summary>A caller who hears nothing for long takes the agent for dead.</summary>
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(30);

    /// <summary>Below the shortest patience of the command line.</summary>
    private static readonly TimeSpan ProofPatience = TimeSpan.FromSeconds(10);

    public override async Task MendMetadata(
        MendMetadataRequest request, IServerStreamWriter<MendMetadataReply> responseStream, ServerCallContext context)
    {
        var source = SourceOf(request);
        var what = MendDecider.What(source);
        var pool = await Settled(what, request.Pool, context.CancellationToken).ConfigureAwait(false);
        var requestId = PoolGateway.RequestOf(what, request.RequestId);
        if (!PoolGateway.WasDone(pool, requestId))
        {
            var into = request.HasInto ? PathOf(request.Into) : (Domain.Devices.DevicePath?)null;
            var asked = new MendAsked(pool, source, into, request.Force);
            var trial = await Living(
                Task.Run(() => mender.Try(asked), CancellationToken.None),
                "trying it out on copies", responseStream, request.Pool).ConfigureAwait(false);
            await responseStream.WriteAsync(new MendMetadataReply { Plan = trial.Plan }).ConfigureAwait(false);
            if (!request.Execute)
                return;
            if (trial.Plan.Obstacle.Length > 0)
            {
                throw Problems.Of(
                    trial.Plan.ObstacleKind, what, pool.Name.Value, trial.Plan.Obstacle, trial.Plan.ObstacleNext);
            }
            var command = new PoolCommands.MendMetadata(requestId, source, trial.Next, gateway.Now);
            await Living(
                // It takes the pool down, and whoever reads the metadata has their device open.
                usages.Alone(pool.Name, () => gateway.Ask(pool.Name, command, context.CancellationToken)),
                "taking the pool down, mending its metadata, opening it again", responseStream, request.Pool)
                .ConfigureAwait(false);
        }
        var after = gateway.Resolve(what, pool.Name.Value);
        await responseStream.WriteAsync(new MendMetadataReply
        {
            Done = await Task.Run(() => checker.Check(after), CancellationToken.None).ConfigureAwait(false),
        }).ConfigureAwait(false);
    }

    public override async Task<DiscardMetadataReply> DiscardMetadata(
        DiscardMetadataRequest request, ServerCallContext context)
    {
        const string What = "cannot discard metadata";
        var pool = gateway.Resolve(What, request.Pool);
        var reply = new DiscardMetadataReply { Pool = pool.Name.Value };
        reply.Discarded.Add(pool.State.Kept.Select(PoolViews.Kept));
        await gateway.Ask(pool.Name, new PoolCommands.DiscardMetadata(
            PoolGateway.RequestOf(What, request.RequestId), gateway.Now), context.CancellationToken)
            .ConfigureAwait(false);
        return reply;
    }

    public override Task<ListBackupsReply> ListBackups(ListBackupsRequest request, ServerCallContext context)
    {
        const string What = "cannot list backups";
        var pool = gateway.Resolve(What, request.Pool);
        var identity = IdentityOf(What, pool);
        return Task.Run(() =>
        {
            var backups = new BackupEffects(
                kernel, files, new PoolContext(identity, pool.Paths, DiscardOnRemove: false));
            var present = backups.List();
            if (!present.Succeeded)
                throw Problems.Of(What, pool.Name.Value, present.Error);
            var reply = new ListBackupsReply { Pool = pool.Name.Value, Directory = pool.Paths.BackupDirectory };
            reply.Backups.Add(present.Value.Select(
                backup => BackupOf(
                    backup.Name, backup.Size.Bytes, backups.TransactionOf(backup.Name),
                    pool.State.Proofs.Of(backup.Name.ToString()))));
            return reply;
        }, context.CancellationToken);
    }

    public override async Task<BackUpReply> BackUp(BackUpRequest request, ServerCallContext context)
    {
        const string What = "cannot back metadata up";
        var pool = gateway.Resolve(What, request.Pool);
        var made = await keeper.BackUp(pool).ConfigureAwait(false);
        if (!made.Succeeded)
            throw Problems.Of(What, pool.Name.Value, made.Error);
        // An operator who asks for a backup wants to know that it is one; a large one is proved after the answer.
        var proving = prover.Prove(pool, made.Value.Name, made.Value.Content);
        await Task.WhenAny(proving, Task.Delay(ProofPatience)).ConfigureAwait(false);
        return new BackUpReply
        {
            Pool = pool.Name.Value,
            Backup = BackupOf(
                made.Value.Name, made.Value.Cost.Size.Bytes, made.Value.Content.TransactionId,
                proving.IsCompleted ? await proving.ConfigureAwait(false) : null),
            ThinDevices = (uint)made.Value.Content.Thins.Length,
            TookMilliseconds = (ulong)made.Value.Cost.Took.TotalMilliseconds,
        };
    }

    private static MetadataSource SourceOf(MendMetadataRequest request) =>
        !request.HasBackup ? new MetadataSource.Present()
        : BackupName.TryParse(request.Backup, out var name) ? new MetadataSource.Backup(name)
        : throw Problems.Usage("cannot restore metadata", request.Backup, BackupName.Rule,
            $"list them: dmagent pool backup list {request.Pool}".TrimEnd());

    private static Backup BackupOf(BackupName name, ulong size, TransactionId? transaction, BackupProof? proof)
    {
        var backup = new Backup
        {
            Name = name.ToString(), At = Views.Time(name.At), SizeBytes = size, Proof = PoolViews.Proof(proof),
        };
        if (transaction is { } id)
            backup.TransactionId = id.Value;
        return backup;
    }

    /// <summary>The pool, once it is known whether it can be opened: a broken one is tried again and again.</summary>
    private async Task<PoolPicture> Settled(string what, string name, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(settings.RequestTimeout);
        try
        {
            await gateway.Board.When(
                gateway.Resolve(what, name).Name, pool => pool is not { Phase: PoolPhase.Opening }, patience.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // It is opening still, and refused for that.
        }
        return gateway.Resolve(what, name);
    }

    /// <summary>Says now and then that something is done still.</summary>
    private static async Task<T> Living<T>(
        Task<T> work, string what, IServerStreamWriter<MendMetadataReply> responses, string subject)
    {
        do
        {
            await responses.WriteAsync(new MendMetadataReply { Step = new Step { What = what, Object = subject } })
                .ConfigureAwait(false);
        }
        while (await Task.WhenAny(work, Task.Delay(SignOfLife)).ConfigureAwait(false) != work);
        return await work.ConfigureAwait(false);
    }
}
