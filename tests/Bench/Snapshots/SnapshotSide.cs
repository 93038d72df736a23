using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Bench.Snapshots;

/// <summary>One of the ways to keep snapshots in a thin pool of its own. Each call answers when its client
/// would.</summary>
internal abstract class SnapshotSide(string name, IKernel kernel, MappedName pool)
{
    /// <summary>The layer of which snapshots are prepared.</summary>
    public const string Image = "image";

    /// <summary>Heads a column, and tells machines.</summary>
    public string Name { get; } = name;

    /// <summary>Whether snapshots can be committed, and mounted by their clients.</summary>
    public virtual bool HasLayers => true;

    protected IKernel Kernel { get; } = kernel;

    /// <summary>Makes the layer <see cref="Image"/>.</summary>
    public abstract Task Open();

    /// <summary>A call that does nothing.</summary>
    public abstract Task Nothing();

    /// <param name="parent">A layer, or empty for an empty file system.</param>
    /// <returns>The snapshot's device; null on a side without layers.</returns>
    public abstract Task<DevicePath?> Prepare(string key, string parent);

    public abstract Task Commit(string name, string key);

    public abstract Task Remove(string key);

    /// <summary>Puts a mebibyte into a prepared snapshot, durably.</summary>
    public abstract Task Write(string key);

    /// <summary>Returns when what was removed has left the pool, and nothing is left to do in the background.</summary>
    public abstract Task Settle();

    /// <summary>Removes all of them, asked for at once, and begins to take them from the pool.</summary>
    public virtual Task RemoveAll(IReadOnlyList<string> keys) => Task.WhenAll(keys.Select(Remove));

    /// <summary>Data blocks in use.</summary>
    public ulong UsedBlocks() => Kernel.PoolStatus(pool).Value.Data.Used;

    /// <summary>A layer with one small file: prepare, mount, write, unmount, commit.</summary>
    public async Task Layer(string name, string parent, int size)
    {
        var key = name + "-open";
        var device = await Prepare(key, parent).ConfigureAwait(false)
            ?? throw new InvalidOperationException($"{Name} has no layers");
        var place = new MountPath("/run/bench-mount");
        Must(Kernel.EnsureDirectory(place).Then(
            () => Kernel.Mount(device, place, FileSystemKind.Ext4, readOnly: false)));
        await File.WriteAllBytesAsync($"{place}/{name}", new byte[size]).ConfigureAwait(false);
        Must(Kernel.Unmount(place, detach: false));
        await Commit(name, key).ConfigureAwait(false);
    }

    protected void Must(KernelResult result)
    {
        if (result.Error is { } error)
            throw new InvalidOperationException($"{Name}: {error}");
    }
}
