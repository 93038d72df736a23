using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Transfers;

/// <summary>
/// A layer that is live, read-only and open for as long as it is read for another host. It is live by a view, which the
/// journal knows: if the agent dies meanwhile, the next opening of the pool removes the view.
/// </summary>
internal sealed class LayerReading : IDisposable
{
    private readonly PoolGateway _gateway;
    private readonly PoolName _pool;
    private readonly DeviceKey _view;
    private readonly IDisposable _work;
    private readonly IOpenBlocks _device;

    private LayerReading(PoolGateway gateway, PoolName pool, DeviceKey view, IDisposable work, IOpenBlocks device) =>
        (_gateway, _pool, _view, _work, _device) = (gateway, pool, view, work, device);

    public IBlockReader Device => _device;

    /// <exception cref="RefusedException">It cannot be made live or opened.</exception>
    public static async Task<LayerReading> OpenAsync(
        PoolGateway gateway, IKernel kernel, PoolPicture pool, DeviceKey layer, string what,
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
                ? new LayerReading(gateway, pool.Name, view, work, opened.Value)
                : throw Refusals.Of(what, layer.Name, opened.Error);
        }
        catch
        {
            // What comes late of a view that was given up is taken back by the gateway.
            if (isMade)
                await gateway.Remove(pool.Name, view).ConfigureAwait(false);
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

    /// <summary>Tried again while the pool is busy; what is left when the process ends is removed at the next opening.
    /// </summary>
    private async Task EndAsync()
    {
        using (_work)
            await _gateway.Remove(_pool, _view).ConfigureAwait(false);
    }
}
