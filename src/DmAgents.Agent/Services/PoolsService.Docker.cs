using DmAgents.Actors.Pools;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Images.Docker;
using Grpc.Core;
using DeviceKind = DmAgents.Domain.Devices.DeviceKind;

namespace DmAgents.Agent.Services;

/// <summary>Pools of the admin API: taking over what a Docker left.</summary>
internal sealed partial class PoolsService
{
    private const string AdoptsDocker = DockerTakeover.What;

    public override async Task<AdoptDockerReply> AdoptDocker(AdoptDockerRequest request, ServerCallContext context)
    {
        var requestId = PoolGateway.RequestOf(AdoptsDocker, request.RequestId);
        if (!PoolName.TryParse(request.Name, out var name))
        {
            throw Problems.Usage(AdoptsDocker, request.Name, $"it is not a pool's name: {PoolName.Rule}",
                "choose another name");
        }
        var asked = RequestOf(request);
        // The uuid comes from the request: a retry meets the pool that the first try made.
        var uuid = new PoolUuid(requestId.Value);
        if (gateway.Board.Find(name) is { } existing)
        {
            if (!request.DryRun && existing.Uuid == uuid && existing.Phase != PoolPhase.Open)
            {
                throw Problems.Of(Problem.Types.Kind.Busy, AdoptsDocker, name.Value,
                    $"it is adopted, and not open: {existing.Reason}",
                    $"try again in a moment; see: dmagent pool show {name}");
            }
            return !request.DryRun && existing.Uuid == uuid
                ? View(request, existing)
                : throw Problems.Of(Problem.Types.Kind.Refused, AdoptsDocker, name.Value, "a pool of this name exists",
                    $"choose another name, or look at it: dmagent pool show {name}");
        }
        var (found, claimed) = await Task.Run(() => docker.Look(name, asked), context.CancellationToken)
            .ConfigureAwait(false);
        var reply = View(request, found, claimed);
        if (request.DryRun)
        {
            var formats = await Task.Run(
                () => docker.LookAtFormats(name, found, claimed), context.CancellationToken).ConfigureAwait(false);
            reply.Findings.Add(formats.Select(concern => HostsService.FormatOf(
                Views.KeyText(claimed.Claims.First(claim => claim.Id == concern.Id).Key), concern)));
            return reply;
        }
        await docker.TakeOver(requestId, name, found, claimed, context.CancellationToken).ConfigureAwait(false);
        if (gateway.Board.Find(name) is { } taken)
            reply.Findings.Add(HostsService.FormatsOf(taken));
        return reply;
    }

    public override async Task<PoolDetails> ConfirmAdoption(ConfirmAdoptionRequest request, ServerCallContext context)
    {
        const string What = "cannot confirm adoption";
        var pool = gateway.Resolve(What, request.Pool);
        await gateway.Ask(pool.Name, new PoolCommands.ConfirmTakeover(
            PoolGateway.RequestOf(What, request.RequestId), gateway.Now), context.CancellationToken)
            .ConfigureAwait(false);
        return await DetailsAfter(What, pool.Name, context).ConfigureAwait(false);
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

    private static DockerPoolRequest RequestOf(AdoptDockerRequest request)
    {
        if (!request.DataRoot.StartsWith('/'))
            throw Problems.Usage(
                AdoptsDocker, request.DataRoot, "the path is not absolute", "give it like /var/lib/docker");
        if (request.HasThinPool && !MappedName.IsValid(request.ThinPool))
        {
            throw Problems.Usage(AdoptsDocker, request.ThinPool, "it is not a device-mapper name",
                "list them: dmsetup ls --target thin-pool");
        }
        var root = request.DataRoot.TrimEnd('/');
        return new DockerPoolRequest(
            new MountPath(root.Length == 0 ? "/" : root),
            request.HasThinPool ? new MappedName(request.ThinPool) : null);
    }

    private static AdoptDockerReply View(AdoptDockerRequest request, DockerPool.Found pool, DockerClaimed claimed)
    {
        var layers = claimed.Claims.Where(claim => claim.Kind == DeviceKind.Layer).ToList();
        var init = layers.Count(layer => layer.Labels.ContainsKey(DeviceLabels.DockerInit));
        var reply = new AdoptDockerReply
        {
            Pool = request.Name,
            DryRun = request.DryRun,
            DataRoot = request.DataRoot,
            Kind = pool.Backing is PoolBacking.LoopFiles ? PoolKind.Loop : PoolKind.Existing,
            DataSizeBytes = pool.DataSize.Bytes,
            TransactionId = pool.Content.TransactionId.Value,
            ThinDevices = (uint)pool.Content.Thins.Length,
            AdoptedDevices = (uint)claimed.Claims.Length,
            Layers = (uint)(layers.Count - init),
            InitLayers = (uint)init,
        };
        reply.Images.Add(claimed.Images.Select(image => image.Reference.Value).Order(StringComparer.Ordinal));
        reply.Containers.Add(claimed.Claims.Where(claim => claim.Kind == DeviceKind.Container)
            .Select(claim => claim.Key.Name).Order(StringComparer.Ordinal));
        reply.LeftOver.Add(pool.LeftOver.Select(device => device.Value));
        reply.Findings.Add(claimed.Findings.Select(View));
        return reply;
    }

    /// <summary>For who asks again: what was found amiss was told, or is in the journal and in quarantine.</summary>
    private static AdoptDockerReply View(AdoptDockerRequest request, PoolPicture pool)
    {
        var state = pool.State;
        var layers = state.Devices.Values.Where(device => device.Kind == DeviceKind.Layer).ToList();
        var init = layers.Count(layer => layer.Labels.ContainsKey(DeviceLabels.DockerInit));
        var reply = new AdoptDockerReply
        {
            Pool = request.Name,
            DataRoot = request.DataRoot,
            Kind = state.Identity?.Backing is PoolBacking.LoopFiles ? PoolKind.Loop : PoolKind.Existing,
            TransactionId = state.Takeover?.TransactionId.Value ?? 0,
            ThinDevices = (uint)(state.Takeover?.Thins.Count ?? 0),
            AdoptedDevices = (uint)state.Devices.Keys.Count(id => state.Takeover?.Thins.Contains(id) == true),
            Layers = (uint)(layers.Count - init),
            InitLayers = (uint)init,
        };
        reply.Images.Add(state.Images.Keys.Select(reference => reference.Value).Order(StringComparer.Ordinal));
        reply.Containers.Add(state.Devices.Values.Where(device => device.Kind == DeviceKind.Container)
            .Select(device => device.Key.Name).Order(StringComparer.Ordinal));
        reply.Findings.Add(HostsService.FormatsOf(pool));
        return reply;
    }

    private static Finding View(StoreFinding finding) => new()
    {
        Severity = finding.Gravity switch
        {
            FindingGravity.Loss => Severity.Error,
            FindingGravity.Warning => Severity.Warning,
            _ => Severity.Info,
        },
        Object = finding.Object,
        What = finding.What,
        Why = finding.Why,
        Next = finding.Next,
    };
}
