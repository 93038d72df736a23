using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Transfers;

/// <summary>A layer that is live, read-only and open while it is read for another host. It is live through a view,
/// which the journal knows: if the agent dies meanwhile, the next opening of the pool removes the view.</summary>
internal sealed class LayerReading : IDisposable
{
    private readonly PoolGateway _gateway;
    private readonly PoolName _pool;
    private readonly DeviceKey _view;
    private readonly IDisposable _work;
    private readonly IOpenBlocks _device;
    private readonly ILogger _log;

    private LayerReading(
        PoolGateway gateway, PoolName pool, DeviceKey view, IDisposable work, IOpenBlocks device, ILogger log) =>
        (_gateway, _pool, _view, _work, _device, _log) = (gateway, pool, view, work, device, log);

    public IBlockReader Device => _device;

    /// <exception cref="RefusedException">It cannot be made live or opened.</exception>
    public static async Task<LayerReading> OpenAsync(
        PoolGateway gateway, IKernel kernel, PoolPicture pool, DeviceKey layer, string what, ILogger log,
        CancellationToken cancellation)
    {
        var request = new RequestId(Guid.NewGuid());
        var view = DeviceKey.Transfer($"{request.Value:N}");
        var work = gateway.Board.Work.Begin(pool.Name, request);
        var isMade = false;
        try
        {
            var made = await gateway.Make(pool.Name, new PoolCommands.CreateView(
                request, view, layer, FileSystem: null, ImmutableSortedDictionary<string, string>.Empty, gateway.Now),
                view, request, cancellation).ConfigureAwait(false);
            isMade = true;
            var name = ContextOf(what, pool).NameOf(made.Device!.Id);
            var opened = kernel.OpenForReading(name);
            return opened.Succeeded
                ? new LayerReading(gateway, pool.Name, view, work, opened.Value, log)
                : throw Refusals.Of(what, layer.Name, opened.Error);
        }
        catch
        {
            // If a view appears after it was given up, the gateway removes it.
            if (isMade)
                await RemoveAsync(gateway, pool.Name, view, log).ConfigureAwait(false);
            work.Dispose();
            throw;
        }
    }

    public static PoolContext ContextOf(string what, PoolPicture pool) =>
        new(PoolGateway.IdentityOf(what, pool), pool.Paths, DiscardOnRemove: false);

    public void Dispose()
    {
        _device.Dispose();
        _ = EndAsync();
    }

    private async Task EndAsync()
    {
        using (_work)
            await RemoveAsync(_gateway, _pool, _view, _log).ConfigureAwait(false);
    }

    /// <summary>Retried while the pool is busy. If the process ends first, the next opening removes the view.</summary>
    private static async Task RemoveAsync(PoolGateway gateway, PoolName pool, DeviceKey view, ILogger log)
    {
        if (await gateway.Remove(pool, view).ConfigureAwait(false) is { } refusal)
            log.LayerViewStays(pool, view, refusal);
    }
}
