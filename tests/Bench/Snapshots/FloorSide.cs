using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Bench.Snapshots;

/// <summary>The bare kernel calls, without journal, actors or gRPC: what no snapshotter can be faster than.</summary>
internal sealed class FloorSide(string name, IKernel kernel, BarePool pool)
    : SnapshotSide(name, kernel, pool.Context.Device)
{
    private readonly Dictionary<string, ThinId> _ids = [];
    private readonly HashSet<ThinId> _active = [];
    private uint _next = BarePool.Base.Value + 1;

    public override Task Open() => Layer(Image, parent: "", size: 1 << 20);

    public override Task Nothing() => Task.CompletedTask;

    public override Task<DevicePath?> Prepare(string key, string parent)
    {
        var id = new ThinId(_next++);
        Must(pool.Snapshot(id, parent.Length == 0 ? BarePool.Base : _ids[parent]).Then(() => pool.Bring(id)));
        _ids[key] = id;
        _active.Add(id);
        return Task.FromResult<DevicePath?>(pool.DeviceOf(id).Path);
    }

    public override Task Commit(string name, string key)
    {
        _ids.Remove(key, out var id);
        _active.Remove(id);
        Must(pool.Take(id));
        _ids[name] = id;
        return Task.CompletedTask;
    }

    public override Task Remove(string key)
    {
        _ids.Remove(key, out var id);
        if (_active.Remove(id))
            Must(Kernel.Remove(pool.DeviceOf(id), deferred: false));
        Must(pool.Delete(id));
        return Task.CompletedTask;
    }

    public override Task Write(string key)
    {
        Must(Blocks.Write(Kernel, pool.DeviceOf(_ids[key]).Path));
        return Task.CompletedTask;
    }

    public override Task Settle() => Task.CompletedTask;
}
