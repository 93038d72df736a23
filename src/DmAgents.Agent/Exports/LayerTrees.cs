using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Agent.Exports;

/// <summary>Opens trees of layers and of containers. A layer is live through a view, which the journal knows, and
/// mounted in a place that no other process sees. If the agent dies, the mount ends with it, and the next opening of
/// the pool removes the view. A file system that was not unmounted is read from a snapshot of the layer, which takes
/// the writes of the log's replay.</summary>
internal sealed class LayerTrees(PoolGateway gateway, IFileTrees trees, ILogger<LayerTrees> log)
{
    /// <summary>Opens a layer's tree.</summary>
    /// <param name="owner">The request that it is a part of, which is under way.</param>
    /// <exception cref="RefusedException">It cannot be made live or mounted.</exception>
    public async Task<LayerTree> OpenAsync(
        string what, PoolPicture pool, DeviceKey layer, RequestId owner, CancellationToken cancellation)
    {
        var view = DeviceKey.Transfer($"{owner.Value:N}-{Guid.NewGuid():N}");
        var made = await gateway.Make(pool.Name, new PoolCommands.CreateView(
            new RequestId(Guid.NewGuid()), view, layer, FileSystem: null,
            ImmutableSortedDictionary<string, string>.Empty, gateway.Now), view, owner, cancellation)
            .ConfigureAwait(false);
        var shown = made.Device!;
        var opened = await OpenAsync(what, pool, shown, view).ConfigureAwait(false);
        if (opened.FailedWith(KernelFault.ReadOnly))
        {
            var replayed = await SnapshotOfAsync(what, pool, shown, owner, cancellation).ConfigureAwait(false);
            opened = await OpenAsync(what, pool, replayed, replayed.Key).ConfigureAwait(false);
        }
        return opened.Succeeded ? opened.Value : throw Refusals.Of(what, layer.Name, opened.Error);
    }

    /// <summary>Opens the tree of a live device. If that fails, removes the view or snapshot that made the device
    /// live.</summary>
    private async Task<KernelResult<LayerTree>> OpenAsync(
        string what, PoolPicture pool, DeviceRecord device, DeviceKey made)
    {
        var path = LayerReading.ContextOf(what, pool).NameOf(device.Id).Path;
        var opened = await Task.Run(
            () => trees.OpenDevice(path, device.FileSystem, device.Root), CancellationToken.None).ConfigureAwait(false);
        if (opened.Succeeded)
            return new LayerTree(opened.Value, device, () => RemoveAsync(pool.Name, made));
        await RemoveAsync(pool.Name, made).ConfigureAwait(false);
        return opened.Error;
    }

    /// <summary>Creates a live, writable snapshot. Recovery undoes it after a crash, like a layer of an
    /// import.</summary>
    private async Task<DeviceRecord> SnapshotOfAsync(
        string what, PoolPicture pool, DeviceRecord layer, RequestId owner, CancellationToken cancellation)
    {
        // Number 0 is the snapshot of a container.
        var key = WorkUnderWay.KeyOf(owner, 1 + (int)layer.Id.Value);
        try
        {
            var made = await gateway.Make(pool.Name, new PoolCommands.CreateSnapshot(
                new RequestId(Guid.NewGuid()), key, layer.Key, Size: null, FileSystem: null, DeviceUse.Active,
                ImmutableSortedDictionary<string, string>.Empty, gateway.Now), key, owner, cancellation)
                .ConfigureAwait(false);
            return made.Device!;
        }
        catch (RefusedException refused)
        {
            throw Refusals.Of(refused.Refusal with
            {
                What = what,
                Why = "its file system was not unmounted, and no snapshot can be made to replay the log in: "
                    + refused.Refusal.Why,
            });
        }
    }

    /// <summary>Creates a layer of a container's current content, for as long as a request reads it. A mounted
    /// container is frozen for the instant of the snapshot. Recovery undoes the layer after a crash, like a layer of an
    /// import.</summary>
    /// <param name="owner">The request, which is under way.</param>
    public async Task<MomentOfContainer> MomentOfAsync(
        string what, PoolPicture pool, DeviceKey container, RequestId owner, CancellationToken cancellation)
    {
        var key = WorkUnderWay.KeyOf(owner, 0);
        try
        {
            await gateway.Make(pool.Name, new PoolCommands.CommitLive(
                new RequestId(Guid.NewGuid()), container, key, ImmutableSortedDictionary<string, string>.Empty,
                gateway.Now), key, owner, cancellation).ConfigureAwait(false);
            return new MomentOfContainer(key, () => RemoveAsync(pool.Name, key));
        }
        catch (RefusedException refused)
        {
            throw Refusals.Of(refused.Refusal with { What = what });
        }
    }

    private async Task RemoveAsync(PoolName pool, DeviceKey key)
    {
        if (await gateway.Remove(pool, key).ConfigureAwait(false) is { } refusal)
            log.ExportedLayerStays(pool, key, refusal);
    }
}

/// <summary>A container's content at one moment, as a layer that is removed with this object.</summary>
internal sealed class MomentOfContainer(DeviceKey key, Func<Task> end) : IAsyncDisposable
{
    public DeviceKey Key => key;

    public async ValueTask DisposeAsync() => await end().ConfigureAwait(false);
}
