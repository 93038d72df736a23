using DmAgents.Actors.Pools;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Pools of the admin API: taking over one that is there.</summary>
internal sealed partial class PoolsService
{
    public override async Task<AdoptPoolReply> Adopt(AdoptPoolRequest request, ServerCallContext context)
    {
        const string What = PoolAdopter.What;
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        if (!PoolName.TryParse(request.Pool, out var name))
            throw Problems.Usage(
                What, request.Pool, $"it is not a pool's name: {PoolName.Rule}", "dmagent host status");
        if (gateway.Board.Find(name) is { } pool && PoolGateway.WasDone(pool, requestId))
            return AsItIs(pool.State);
        var found = await Task.Run(
            () => adopter.Look(name, requestId, BackingOf(request)), context.CancellationToken).ConfigureAwait(false);
        if (request.DryRun)
        {
            if (found.Reading.Leave(found.Content).Error is { } error)
                throw Problems.Of("cannot take down again", name.Value, error);
        }
        else
        {
            await Adopt(adopter.CommandOf(requestId, found), found, context.CancellationToken).ConfigureAwait(false);
        }
        return PoolAdopter.Tell(found, request.DryRun);
    }

    private static BackingRequest? BackingOf(AdoptPoolRequest request) => request.BackingCase switch
    {
        AdoptPoolRequest.BackingOneofCase.Direct => new BackingRequest.Direct(
            [.. request.Direct.DataDevices.Select(PathOf)], PathOf(request.Direct.MetadataDevice)),
        AdoptPoolRequest.BackingOneofCase.SingleDisk => new BackingRequest.SingleDisk(
            PathOf(request.SingleDisk.Device), MetadataSize: null),
        AdoptPoolRequest.BackingOneofCase.Loop => new BackingRequest.Loop(
            request.Loop.HasDirectory ? DirectoryOf(request.Loop.Directory) : null, default, MetadataSize: null),
        AdoptPoolRequest.BackingOneofCase.Existing => new BackingRequest.Existing(
            MappedName.IsValid(request.Existing.DmName)
                ? new MappedName(request.Existing.DmName)
                : throw Problems.Usage(PoolAdopter.What, request.Existing.DmName, "it is not a device-mapper name",
                    "list them: dmsetup ls")),
        _ => null,
    };

    private async Task Adopt(PoolCommands.Adopt command, PoolAdopter.Proposal found, CancellationToken cancellation)
    {
        var isTaken = false;
        try
        {
            await gateway.Ask(command.Identity.Name, command, cancellation).ConfigureAwait(false);
            isTaken = true;
        }
        finally
        {
            if (!isTaken)
                adopter.Abandon(found);
        }
    }

    /// <summary>For a caller who did not hear the answer: what was taken over, as it is by now.</summary>
    private static AdoptPoolReply AsItIs(PoolContents state)
    {
        var reply = new AdoptPoolReply
        {
            Pool = state.Identity!.Name.Value, Uuid = state.Identity.Uuid.ToString(),
            TransactionId = state.Checkpoint.Reached.Value,
        };
        reply.Devices.Add(state.Devices.Values.OrderBy(device => device.Id).Select(device => new AdoptedDevice
        {
            ThinId = device.Id.Value, Key = Views.KeyText(device.Key), Kind = Views.Kind(device.Kind),
            SizeBytes = device.Size.Bytes, Removing = device.Phase == Domain.Devices.DevicePhase.Removing,
        }));
        reply.Images.Add(state.Images.Keys.Select(reference => reference.Value).Order(StringComparer.Ordinal));
        reply.Views.Add(state.Views.Keys.Select(Views.KeyText).Order(StringComparer.Ordinal));
        reply.QuarantinedThinIds.Add(state.Quarantine.Keys.Select(id => id.Value));
        return reply;
    }
}
