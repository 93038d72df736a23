using DmAgents.Actors.Pools;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Agent.Imports;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Pools of the admin API: trimming and the quarantine.</summary>
internal sealed partial class PoolsService
{
    public override async Task<TrimPoolReply> Trim(TrimPoolRequest request, ServerCallContext context)
    {
        const string What = "cannot trim pool";
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        var pool = gateway.Resolve(What, request.Pool);
        var before = views.Details(pool);
        var trimmed = await gateway.Ask(
            pool.Name, new PoolCommands.Trim(requestId, gateway.Now), context.CancellationToken).ConfigureAwait(false);
        var after = views.Details(pool);
        var reply = new TrimPoolReply
        {
            Pool = pool.Name.Value,
            DataUsedBeforeBytes = before.Data?.UsedBytes ?? 0,
            DataUsedAfterBytes = after.Data?.UsedBytes ?? 0,
        };
        reply.Trimmed.Add(trimmed.FileSystems.Select(f => new TrimPoolReply.Types.Trimmed
        {
            Container = f.Key.Space == DeviceKey.ContainerSpace ? f.Key.Name : Views.KeyText(f.Key),
            TrimmedBytes = f.HandedDown.Bytes,
            GivenBackBytes = f.GivenBack.Bytes,
            UnmappedBytes = f.Unmapped.Bytes,
        }));
        if (pool.State.Identity?.Backing is PoolBacking.LoopFiles)
        {
            reply.HostAllocatedBeforeBytes = DataFile(before);
            reply.HostAllocatedAfterBytes = DataFile(after);
        }
        return reply;
    }

    public override async Task<ListQuarantineReply> ListQuarantine(
        ListQuarantineRequest request, ServerCallContext context)
    {
        var reply = new ListQuarantineReply();
        foreach (var pool in gateway.Several("cannot list the quarantine", request.Pool))
        {
            if (pool.State.Quarantine.IsEmpty)
                continue;
            var used = await usages.Read(pool, exclusive: false).ConfigureAwait(false);
            reply.Devices.Add(pool.State.Quarantine.Values.Select(q => Quarantined(pool, q, used)));
        }
        return reply;
    }

    private static QuarantinedDevice Quarantined(PoolPicture pool, QuarantineRecord record, Usages used)
    {
        var device = new QuarantinedDevice
        {
            Pool = pool.Name.Value,
            ThinId = record.Id.Value,
            Key = record.Hint is { } hint ? Views.KeyText(hint.Key) : "",
            Why = record.Why,
            Since = Views.Time(record.Since),
            MappedBytes = used.MappedBytes(record.Id, pool.State.Identity!.BlockSize),
            Parent = record.Hint?.Parent is { } parent ? Views.KeyText(parent) : "",
        };
        if (!used.ById.TryGetValue(record.Id, out var usage))
            return device;
        device.CreatedInTransactionId = usage.CreatedIn.Value;
        if (device.Parent.Length == 0 && usage.SnapshotOf is { } origin)
            device.Parent = pool.State.Devices.TryGetValue(origin, out var known)
                ? Views.KeyText(known.Key)
                : $"thin id {origin}";
        return device;
    }

    public override async Task<PurgeQuarantineReply> PurgeQuarantine(
        PurgeQuarantineRequest request, ServerCallContext context)
    {
        const string What = "cannot purge thin ids";
        var pool = gateway.Resolve(What, request.Pool);
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        var ids = request.All
            ? [.. pool.State.Quarantine.Keys]
            : request.ThinIds.Select(id => ThinIdOf(What, id)).ToList();
        var before = views.Details(pool).Data?.UsedBytes ?? 0;
        var reply = new PurgeQuarantineReply();
        foreach (var id in ids)
        {
            await gateway.Ask(pool.Name, new PoolCommands.Purge(
                SubRequests.Of(requestId, $"purge {id}"), id, gateway.Now), context.CancellationToken)
                .ConfigureAwait(false);
            reply.PurgedThinIds.Add(id.Value);
        }
        var after = views.Details(pool).Data?.UsedBytes ?? 0;
        reply.FreedBytes = before > after ? before - after : 0;
        return reply;
    }

    public override async Task<UndeleteReply> Undelete(UndeleteRequest request, ServerCallContext context)
    {
        const string What = "cannot undelete thin id";
        var pool = gateway.Resolve(What, request.Pool);
        var id = ThinIdOf(What, request.ThinId);
        var hint = pool.State.Quarantine.GetValueOrDefault(id)?.Hint;
        if (request.Name.Length == 0 && hint is null)
            throw Problems.Usage(What, $"{id}", "nobody knows what it was called", "give a name with --name");
        if (pool.State.Identity is not { } identity)
            throw Problems.Of(Problem.Types.Kind.Busy, What, $"{id}", pool.Reason, "try again in a moment");
        // The pool keeps no size of its devices: where nobody remembers it, that of the pool's bases.
        var size = hint?.Size ?? identity.BaseSize;
        var key = DeviceKey.Layer($"undeleted:{(request.Name.Length > 0 ? request.Name : hint!.Key.Name)}");
        var done = await gateway.Ask(pool.Name, new PoolCommands.Undelete(
            PoolGateway.RequestOf(What, request.RequestId), id, key, size, hint?.FileSystem ?? identity.FileSystem,
            gateway.Now), context.CancellationToken).ConfigureAwait(false);
        return new UndeleteReply
        {
            Pool = pool.Name.Value, ThinId = id.Value, Key = done.Layer?.Key.Name ?? key.Name,
            Kind = Api.Admin.V1.DeviceKind.Layer,
        };
    }

    private static ulong DataFile(PoolDetails details) =>
        details.Backing.FirstOrDefault(b => b.Role == BackingStore.Types.Role.Data)?.AllocatedBytes ?? 0;

    private static ThinId ThinIdOf(string what, uint id) => id <= ThinId.Max
        ? new ThinId(id)
        : throw Problems.Usage(what, $"{id}", "a thin id has 24 bits",
            "list those in quarantine: dmagent pool quarantine list");
}
