using DmAgents.Actors.Pools;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using Grpc.Core;
using DeviceKind = DmAgents.Api.Admin.V1.DeviceKind;

namespace DmAgents.Agent.Services;

/// <summary>Pools of the admin API. <see cref="PoolRequests"/> parses requests, use cases execute them, and views
/// convert the results.</summary>
internal sealed class PoolsService(
    PoolGateway gateway, PoolViews views, PoolInspector inspector, PoolChecker checker, PoolCreator creator,
    PoolGrower grower, SpareDisks spares, PoolTrimmer trimmer, QuarantinedThins quarantine, MetadataRepairer repair,
    OperatorBackups backups, PoolAdopter adopter, DockerTakeover docker)
    : Pools.PoolsBase
{
    /// <summary>A caller without a message for this long assumes that the agent is dead.</summary>
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(30);

    public override async Task Create(
        CreatePoolRequest request, IServerStreamWriter<CreatePoolReply> responseStream, ServerCallContext context)
    {
        var asked = PoolRequests.Creation(request);
        await creator.Create(asked, Report, context.CancellationToken).ConfigureAwait(false);
        var details = views.Details(inspector.Inspect(gateway.Resolve(PoolCreator.What, asked.Name.Value)));
        await responseStream.WriteAsync(new CreatePoolReply { Pool = details }).ConfigureAwait(false);

        Task Report(CreationStep step) => responseStream.WriteAsync(new CreatePoolReply
        {
            Step = new Step
            {
                What = step.What, Object = request.Name, Index = (uint)step.Index, Count = PoolCreator.Steps,
            },
        });
    }

    public override Task<ListPoolsReply> List(ListPoolsRequest request, ServerCallContext context)
    {
        var reply = new ListPoolsReply();
        reply.Pools.Add(gateway.Board.All.Select(PoolViews.Summary));
        return Task.FromResult(reply);
    }

    public override Task<PoolDetails> Show(ShowPoolRequest request, ServerCallContext context) =>
        Details("cannot show pool", request.Pool, context);

    public override async Task<PoolDetails> Grow(GrowPoolRequest request, ServerCallContext context)
    {
        const string What = PoolGrower.What;
        var pool = gateway.Resolve(What, request.Pool);
        var warnings = await grower.Grow(
            PoolGateway.RequestOf(What, request.RequestId), pool, PoolRequests.Growth(request), request.Force,
            context.CancellationToken).ConfigureAwait(false);
        var details = await Details(What, pool.Name.Value, context).ConfigureAwait(false);
        details.GrowthWarnings.Add(warnings);
        return details;
    }

    public override async Task<PoolDetails> ChangeSpares(ChangeSparesRequest request, ServerCallContext context)
    {
        const string What = SpareDisks.What;
        var pool = gateway.Resolve(What, request.Pool);
        await spares.Change(
            PoolGateway.RequestOf(What, request.RequestId), pool, PoolRequests.Paths(request.Remove),
            PoolRequests.Paths(request.Add), context.CancellationToken).ConfigureAwait(false);
        return await Details(What, pool.Name.Value, context).ConfigureAwait(false);
    }

    public override Task<CheckPoolReply> Check(CheckPoolRequest request, ServerCallContext context) =>
        Checked(gateway.Resolve("cannot check pool", request.Pool), context.CancellationToken);

    public override async Task<CheckPoolReply> Repair(RepairPoolRequest request, ServerCallContext context)
    {
        const string What = "cannot repair pool";
        var pool = gateway.Resolve(What, request.Pool);
        await gateway.Ask(pool.Name, new PoolCommands.Repair(
            PoolGateway.RequestOf(What, request.RequestId),
            request.HasAcceptTransactionId ? new TransactionId(request.AcceptTransactionId) : null, gateway.Now),
            context.CancellationToken).ConfigureAwait(false);
        return await Checked(gateway.Resolve(What, pool.Name.Value), context.CancellationToken).ConfigureAwait(false);
    }

    public override async Task<RemovePoolReply> Remove(RemovePoolRequest request, ServerCallContext context)
    {
        const string What = "cannot remove pool";
        var pool = gateway.Resolve(What, request.Pool);
        await gateway.Ask(pool.Name, new PoolCommands.Retire(
            PoolGateway.RequestOf(What, request.RequestId), request.Force, gateway.Now), context.CancellationToken)
            .ConfigureAwait(false);
        return PoolViews.Removed(pool);
    }

    public override async Task<TrimPoolReply> Trim(TrimPoolRequest request, ServerCallContext context)
    {
        var requestId = PoolGateway.RequestOf(PoolTrimmer.What, request.RequestId);
        var pool = gateway.Resolve(PoolTrimmer.What, request.Pool);
        return CareViews.Trimmed(
            await trimmer.Trim(requestId, pool, context.CancellationToken).ConfigureAwait(false));
    }

    public override async Task<ListQuarantineReply> ListQuarantine(
        ListQuarantineRequest request, ServerCallContext context)
    {
        var reply = new ListQuarantineReply();
        foreach (var pool in gateway.Several("cannot list the quarantine", request.Pool))
        {
            var thins = await quarantine.List(pool).ConfigureAwait(false);
            reply.Devices.Add(thins.Select(CareViews.Quarantined));
        }
        return reply;
    }

    public override async Task<PurgeQuarantineReply> PurgeQuarantine(
        PurgeQuarantineRequest request, ServerCallContext context)
    {
        const string What = QuarantinedThins.CannotPurge;
        var pool = gateway.Resolve(What, request.Pool);
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        var purged = await quarantine.Purge(
            requestId, pool, request.All ? null : [.. request.ThinIds.Select(id => PoolRequests.ThinIdOf(What, id))],
            context.CancellationToken).ConfigureAwait(false);
        return new PurgeQuarantineReply
        {
            PurgedThinIds = { purged.Purged.Select(id => id.Value) }, FreedBytes = purged.Freed.Bytes,
        };
    }

    public override async Task<UndeleteReply> Undelete(UndeleteRequest request, ServerCallContext context)
    {
        const string What = QuarantinedThins.CannotUndelete;
        var pool = gateway.Resolve(What, request.Pool);
        var asked = new UndeleteAsked(
            PoolGateway.RequestOf(What, request.RequestId), pool, PoolRequests.ThinIdOf(What, request.ThinId),
            request.Name);
        var key = await quarantine.Undelete(asked, context.CancellationToken).ConfigureAwait(false);
        return new UndeleteReply
        {
            Pool = pool.Name.Value, ThinId = request.ThinId, Key = key.Name, Kind = DeviceKind.Layer,
        };
    }

    public override async Task MendMetadata(
        MendMetadataRequest request, IServerStreamWriter<MendMetadataReply> responseStream, ServerCallContext context)
    {
        var source = PoolRequests.Source(request);
        var what = MetadataRepairDecider.What(source);
        var pool = await repair.Settled(what, request.Pool, context.CancellationToken).ConfigureAwait(false);
        var requestId = PoolGateway.RequestOf(what, request.RequestId);
        if (!PoolGateway.WasDone(pool, requestId))
        {
            var asked = new MetadataRepairAsked(
                pool, source, request.HasInto ? PoolRequests.PathOf(request.Into) : null, request.Force);
            var trying = repair.Try(asked);
            await Living(trying, "trying it out on copies", responseStream, request.Pool).ConfigureAwait(false);
            var trial = await trying.ConfigureAwait(false);
            await responseStream.WriteAsync(new MendMetadataReply { Plan = MetadataRepairViews.Plan(trial) })
                .ConfigureAwait(false);
            if (!request.Execute)
                return;
            var command = repair.CommandOf(requestId, trial);
            await Living(
                repair.Execute(pool.Name, command, context.CancellationToken),
                "taking the pool down, repairing its metadata, opening it again", responseStream, request.Pool)
                .ConfigureAwait(false);
        }
        var after = gateway.Resolve(what, pool.Name.Value);
        await responseStream.WriteAsync(new MendMetadataReply
        {
            Done = await Checked(after, CancellationToken.None).ConfigureAwait(false),
        }).ConfigureAwait(false);
    }

    public override async Task<DiscardMetadataReply> DiscardMetadata(
        DiscardMetadataRequest request, ServerCallContext context)
    {
        const string What = "cannot discard metadata";
        var pool = gateway.Resolve(What, request.Pool);
        var reply = new DiscardMetadataReply { Pool = pool.Name.Value };
        reply.Discarded.Add(pool.State.Kept.Select(CareViews.Kept));
        await gateway.Ask(pool.Name, new PoolCommands.DiscardMetadata(
            PoolGateway.RequestOf(What, request.RequestId), gateway.Now), context.CancellationToken)
            .ConfigureAwait(false);
        return reply;
    }

    public override async Task<ListBackupsReply> ListBackups(ListBackupsRequest request, ServerCallContext context)
    {
        var pool = gateway.Resolve(OperatorBackups.CannotList, request.Pool);
        var present = await Task.Run(() => backups.List(pool), context.CancellationToken).ConfigureAwait(false);
        var reply = new ListBackupsReply { Pool = pool.Name.Value, Directory = pool.Paths.BackupDirectory };
        reply.Backups.Add(present.Select(CareViews.Backup));
        return reply;
    }

    public override async Task<BackUpReply> BackUp(BackUpRequest request, ServerCallContext context)
    {
        var pool = gateway.Resolve(OperatorBackups.CannotMake, request.Pool);
        return CareViews.Made(pool.Name, await backups.Make(pool).ConfigureAwait(false));
    }

    public override async Task<AdoptPoolReply> Adopt(AdoptPoolRequest request, ServerCallContext context) =>
        AdoptionViews.Reply(await adopter.Adopt(PoolRequests.Adoption(request), context.CancellationToken)
            .ConfigureAwait(false));

    public override async Task<AdoptDockerReply> AdoptDocker(AdoptDockerRequest request, ServerCallContext context) =>
        AdoptionViews.Reply(request, await docker.Adopt(PoolRequests.Docker(request), context.CancellationToken)
            .ConfigureAwait(false));

    public override async Task<PoolDetails> ConfirmAdoption(ConfirmAdoptionRequest request, ServerCallContext context)
    {
        const string What = "cannot confirm adoption";
        var pool = gateway.Resolve(What, request.Pool);
        await gateway.Ask(pool.Name, new PoolCommands.ConfirmTakeover(
            PoolGateway.RequestOf(What, request.RequestId), gateway.Now), context.CancellationToken)
            .ConfigureAwait(false);
        return await Details(What, pool.Name.Value, context).ConfigureAwait(false);
    }

    public override async Task<UndoAdoptionReply> UndoAdoption(UndoAdoptionRequest request, ServerCallContext context)
    {
        const string What = "cannot undo adoption";
        var pool = gateway.Resolve(What, request.Pool);
        await gateway.Ask(pool.Name, new PoolCommands.Return(
            PoolGateway.RequestOf(What, request.RequestId), gateway.Now), context.CancellationToken)
            .ConfigureAwait(false);
        return new UndoAdoptionReply
        {
            Pool = pool.Name.Value,
            Program = pool.State.Takeover?.Program ?? "",
            Directory = pool.State.Takeover?.Directory.Value ?? "",
        };
    }

    private Task<PoolDetails> Details(string what, string pool, ServerCallContext context) => Task.Run(
        () => views.Details(inspector.Inspect(gateway.Resolve(what, pool))), context.CancellationToken);

    private async Task<CheckPoolReply> Checked(PoolPicture pool, CancellationToken cancellation) =>
        CheckViews.Check(await checker.CheckAsync(pool, cancellation).ConfigureAwait(false));

    /// <summary>Writes a sign of life from time to time until the work has ended.</summary>
    private static async Task Living(
        Task work, string what, IServerStreamWriter<MendMetadataReply> responses, string subject)
    {
        do
        {
            await responses.WriteAsync(new MendMetadataReply { Step = new Step { What = what, Object = subject } })
                .ConfigureAwait(false);
        }
        while (await Task.WhenAny(work, Task.Delay(SignOfLife)).ConfigureAwait(false) != work);
        await work.ConfigureAwait(false);
    }
}
