using DmAgents.Actors.Pools;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Layers of the admin API.</summary>
internal sealed class LayersService(PoolGateway gateway, UsageReader usages) : Layers.LayersBase
{
    private const string Sha256 = "sha256:";

    /// <summary>A layer by its key, or by an unambiguous prefix of its chain id.</summary>
    public static DeviceRecord FindLayer(string what, PoolPicture pool, string key)
    {
        var layers = pool.State.Devices.Values
            .Where(d => d.Kind == Domain.Devices.DeviceKind.Layer && d.Phase != DevicePhase.Removing).ToList();
        var exact = layers.Find(d => KeyText.Of(d.Key) == key);
        if (exact is not null)
            return exact;
        var found = key.Length == 0 ? [] : layers.FindAll(d =>
            d.Key.Name.StartsWith(key, StringComparison.Ordinal)
            || d.Key.Name.StartsWith(Sha256 + key, StringComparison.Ordinal));
        return found.Count switch
        {
            1 => found[0],
            0 => throw Problems.NotFound(what, key, $"pool {pool.Name} has no such layer",
                "list them: dmagent layer list"),
            _ => throw Problems.Usage(what, key, $"{found.Count} layers begin like this", "give more of the chain id"),
        };
    }

    public override async Task<ListLayersReply> List(ListLayersRequest request, ServerCallContext context)
    {
        var reply = new ListLayersReply();
        foreach (var pool in gateway.Several("cannot list layers", request.Pool))
        {
            var used = await usages.Read(pool, exclusive: false).ConfigureAwait(false);
            reply.Layers.Add(pool.State.Devices.Values
                .Where(d => d.Kind == Domain.Devices.DeviceKind.Layer && d.Phase != DevicePhase.Removing)
                .OrderBy(d => d.Id).Select(d => Views.Layer(pool, d, used)));
        }
        return reply;
    }

    public override async Task<LayerTreeReply> Tree(LayerTreeRequest request, ServerCallContext context)
    {
        var reply = new LayerTreeReply();
        foreach (var pool in gateway.Several("cannot show layers", request.Pool)
            .Where(p => p.State.Identity is not null))
        {
            var used = await usages.Read(pool, exclusive: true).ConfigureAwait(false);
            var roots = pool.State.Devices.Values
                .Where(d => d.Parent is null && d.Phase != DevicePhase.Removing).OrderBy(d => d.Id);
            foreach (var root in roots)
                AddWithChildren(reply, pool, root, used);
        }
        return reply;
    }

    public override async Task<Layer> Show(ShowLayerRequest request, ServerCallContext context)
    {
        const string What = "cannot show layer";
        var pool = gateway.Resolve(What, request.Pool);
        var layer = FindLayer(What, pool, request.Key);
        return Views.Layer(pool, layer, await usages.Read(pool, exclusive: true).ConfigureAwait(false));
    }

    public override async Task<RemoveLayerReply> Remove(RemoveLayerRequest request, ServerCallContext context)
    {
        const string What = "cannot remove layer";
        var pool = gateway.Resolve(What, request.Pool);
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        if (PoolGateway.WasDone(pool, requestId))
            return new RemoveLayerReply { Pool = pool.Name.Value, Key = request.Key };
        var layer = FindLayer(What, pool, request.Key);
        ContainersService.RefuseWhereOwned(What, layer.Key, request.Force);
        var done = await gateway.Ask(
            pool.Name, new PoolCommands.Remove(requestId, layer.Key, Force: false, gateway.Now),
            context.CancellationToken).ConfigureAwait(false);
        return new RemoveLayerReply
        {
            Pool = pool.Name.Value, Key = KeyText.Of(layer.Key), ThinId = done.Device?.Id.Value ?? layer.Id.Value,
        };
    }

    /// <summary>Depth first, so that the list has each parent before its children.</summary>
    private static void AddWithChildren(LayerTreeReply reply, PoolPicture pool, DeviceRecord root, Usages used)
    {
        var pending = new Stack<DeviceRecord>([root]);
        while (pending.TryPop(out var device))
        {
            reply.Nodes.Add(Views.Layer(pool, device, used));
            reply.Nodes.Add(Views.ViewsOf(pool.State, device.Id).Select(v => Views.Layer(pool, v, used)));
            foreach (var child in Views.ChildrenOf(pool.State, device.Id).Reverse())
                pending.Push(child);
        }
    }
}
