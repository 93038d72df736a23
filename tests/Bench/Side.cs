namespace DmAgents.Bench;

/// <summary>One of the two ways to do the same to snapshots of a base. Snapshots are numbered by the caller.</summary>
internal abstract class Side
{
    public abstract string Name { get; }

    /// <summary>A snapshot of the base; nothing live.</summary>
    public abstract ValueTask Create(int number);

    /// <summary>From idle to a mapped device.</summary>
    public abstract ValueTask Activate(int number);

    /// <summary>From a mapped device to a mounted one.</summary>
    public abstract ValueTask Mount(int number);

    /// <summary>From mounted to a mapped device.</summary>
    public abstract ValueTask Unmount(int number);

    /// <summary>From a mapped device to idle.</summary>
    public abstract ValueTask Deactivate(int number);

    /// <summary>Of an idle snapshot.</summary>
    public abstract ValueTask Remove(int number);

    /// <summary>A snapshot with its mapped device, in one request.</summary>
    public abstract ValueTask Prepare(int number);

    /// <summary>A snapshot, mounted, in one request.</summary>
    public abstract ValueTask Start(int number);

    /// <summary>From mounted to idle, in one request.</summary>
    public abstract ValueTask Stop(int number);

    /// <summary>Returns when what the operations left to do in the background is done.</summary>
    public abstract Task Settle();

    /// <summary>Writes a mebibyte of a prepared snapshot, so that there are blocks to give back.</summary>
    public abstract void Write(int number);

    /// <summary>Removes prepared snapshots, all asked for at once; returns when the pool has their blocks
    /// back.</summary>
    public abstract Task RemoveAll(IReadOnlyList<int> numbers);

    /// <summary>Creates all of them at once.</summary>
    /// <returns>When each was there, as time stamps of <see cref="System.Diagnostics.Stopwatch"/>.</returns>
    public abstract Task<long[]> CreateAll(IReadOnlyList<int> numbers);

    /// <summary>Data blocks in use.</summary>
    public abstract ulong UsedBlocks();
}
