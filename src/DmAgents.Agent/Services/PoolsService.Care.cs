using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Agent.Imports;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Pools of the admin API: trimming and the quarantine.</summary>
internal sealed partial class PoolsService
{
    public override Task<TrimPoolReply> Trim(TrimPoolRequest request, ServerCallContext context)
    {
        const string What = "cannot trim pool";
        PoolGateway.RequestOf(What, request.RequestId);
        var pool = gateway.Resolve(What, request.Pool);
        return Task.Run(() =>
        {
            var before = views.Details(pool);
            var reply = new TrimPoolReply { Pool = pool.Name.Value, DataUsedBeforeBytes = before.Data?.UsedBytes ?? 0 };
            var mounted = pool.State.Devices.Values.Where(d => d is { Use: DeviceUse.Mounted, ReadOnly: false, IsPresent: true });
            foreach (var device in mounted.OrderBy(d => d.Key.Name, StringComparer.Ordinal))
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                var trimmed = kernel.Trim(pool.Paths.MountOf(device.Key));
                if (!trimmed.Succeeded)
                    throw Problems.Of(What, device.Key.Name, trimmed.Error);
                reply.Trimmed.Add(new TrimPoolReply.Types.Trimmed
                {
                    Container = device.Key.Name, TrimmedBytes = trimmed.Value.Bytes,
                });
            }
            var after = views.Details(pool);
            reply.DataUsedAfterBytes = after.Data?.UsedBytes ?? 0;
            if (pool.State.Identity?.Backing is PoolBacking.LoopFiles)
            {
                reply.HostAllocatedBeforeBytes = DataFile(before);
                reply.HostAllocatedAfterBytes = DataFile(after);
            }
            return reply;
        }, context.CancellationToken);
    }

    public override async Task<ListQuarantineReply> ListQuarantine(
        ListQuarantineRequest request, ServerCallContext context)
    {
        var reply = new ListQuarantineReply();
        foreach (var pool in gateway.Several("cannot list the quarantine", request.Pool))
        {
            if (pool.State.Ledger.Quarantine.IsEmpty)
                continue;
            var used = await usages.Read(pool, exclusive: false).ConfigureAwait(false);
            reply.Devices.Add(pool.State.Ledger.Quarantine.Values.Select(q => new QuarantinedDevice
            {
                Pool = pool.Name.Value,
                ThinId = q.Id.Value,
                Why = q.Why,
                Since = Views.Time(q.Since),
                MappedBytes = used.MappedBytes(q.Id, pool.State.Identity!.BlockSize),
            }));
        }
        return reply;
    }

    public override async Task<PurgeQuarantineReply> PurgeQuarantine(
        PurgeQuarantineRequest request, ServerCallContext context)
    {
        const string What = "cannot purge thin ids";
        var pool = gateway.Resolve(What, request.Pool);
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        var ids = request.All
            ? [.. pool.State.Ledger.Quarantine.Keys]
            : request.ThinIds.Select(id => ThinIdOf(What, id)).ToList();
        var before = views.Details(pool).Data?.UsedBytes ?? 0;
        var reply = new PurgeQuarantineReply();
        foreach (var id in ids)
        {
            await gateway.Ask(pool.Name, new PoolCommands.Purge(
                SubRequests.Of(requestId, $"purge {id}"), id, gateway.Now), context.CancellationToken).ConfigureAwait(false);
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
        if (request.Name.Length == 0)
            throw Problems.Usage(What, $"{id}", "the journal does not know what it was called", "give a name with --name");
        if (pool.State.Identity is not { } identity)
            throw Problems.Of(Problem.Types.Kind.Busy, What, $"{id}", pool.Reason, "try again in a moment");
        // The pool keeps no size of its devices: the larger of what the pool's bases and what is mapped allow.
        var size = identity.BaseSize;
        var key = DeviceKey.Layer($"undeleted:{request.Name}");
        var done = await gateway.Ask(pool.Name, new PoolCommands.Undelete(
            PoolGateway.RequestOf(What, request.RequestId), id, key, size, identity.FileSystem, gateway.Now),
            context.CancellationToken).ConfigureAwait(false);
        return new UndeleteReply
        {
            Pool = pool.Name.Value, ThinId = id.Value, Key = done.Device?.Key.Name ?? key.Name,
            Kind = Api.Admin.V1.DeviceKind.Layer,
        };
    }

    private static ulong DataFile(PoolDetails details) =>
        details.Backing.FirstOrDefault(b => b.Role == BackingStore.Types.Role.Data)?.AllocatedBytes ?? 0;

    private static ThinId ThinIdOf(string what, uint id) => id <= ThinId.Max
        ? new ThinId(id)
        : throw Problems.Usage(what, $"{id}", "a thin id has 24 bits", "list those in quarantine: dmagent pool quarantine list");
}
