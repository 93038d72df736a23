using System.Collections.Concurrent;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>Reads the mapped space of each device from the pool's own metadata. Callers that arrive during a reading
/// wait and share the next result. Other readers share the pool's metadata snapshot. If one of them takes long, as a
/// backup does, the result is of the time when that one began.</summary>
public sealed class UsageReader(IKernel kernel)
{
    private readonly ConcurrentDictionary<(PoolName Pool, bool Exclusive), Lazy<Task<Usages>>> _reading = new();
    private readonly ConcurrentDictionary<(PoolName Pool, bool Exclusive), SemaphoreSlim> _turns = new();
    private readonly ConcurrentDictionary<PoolName, MetadataGate> _gates = new();

    /// <param name="exclusive">Also the space of each device that no other shares; this reads all mappings.</param>
    /// <returns>By thin id. Empty with a reason if the pool cannot be read.</returns>
    public Task<Usages> Read(PoolPicture pool, bool exclusive) => _reading.GetOrAdd(
        (pool.Name, exclusive), _ => new Lazy<Task<Usages>>(() => ReadInTurn(pool, exclusive))).Value;

    /// <summary>Reads the pool's metadata by other means, in parallel with other readers.</summary>
    /// <returns>Refused with Busy while <see cref="Alone"/> is under way.</returns>
    public async Task<KernelResult<T>> Beside<T>(PoolName pool, Func<KernelResult<T>> read)
    {
        var gate = GateOf(pool);
        if (!gate.TryEnter())
            return BeingReplaced(pool);
        try
        {
            return await Task.Run(read).ConfigureAwait(false);
        }
        finally
        {
            gate.Leave();
        }
    }

    /// <summary>For work that takes the pool down: waits until all readers of its metadata have finished, and lets none
    /// begin.</summary>
    public async Task<T> Alone<T>(PoolName pool, Func<Task<T>> work)
    {
        var gate = GateOf(pool);
        await gate.Close().ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            gate.Open();
        }
    }

    private async Task<Usages> ReadInTurn(PoolPicture pool, bool exclusive)
    {
        var key = (pool.Name, exclusive);
        var turn = _turns.GetOrAdd(key, _ => new SemaphoreSlim(1));
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            // Callers from here on need a fresh read.
            _reading.TryRemove(key, out _);
            return await Task.Run(() => ReadNow(pool, exclusive)).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    private Usages ReadNow(PoolPicture pool, bool exclusive)
    {
        var gate = GateOf(pool.Name);
        if (!gate.TryEnter())
            return None(BeingReplaced(pool.Name).ToString());
        try
        {
            if (pool.State.Identity is not { } identity || pool.Phase is not (PoolPhase.Open or PoolPhase.Stopping))
                return None($"pool {pool.Name} is not open");
            var device = new PoolContext(identity, pool.Paths, DiscardOnRemove: false).Device;
            var read = Read(device, exclusive, MetadataReading.NowOrBusy);
            if (read.FailedWith(KernelFault.Busy))
                read = Read(device, exclusive, MetadataReading.AsHeld);
            return read.Succeeded
                ? new Usages(read.Value.ToDictionary(u => u.Id), "")
                : None(read.Error.ToString());
        }
        finally
        {
            gate.Leave();
        }
    }

    private KernelResult<IReadOnlyList<ThinUsage>> Read(MappedName device, bool exclusive, MetadataReading reading) =>
        exclusive ? kernel.MeasureThins(device, reading) : kernel.ListThins(device, reading);

    private MetadataGate GateOf(PoolName pool) => _gates.GetOrAdd(pool, _ => new MetadataGate());

    private static Usages None(string why) => new(new Dictionary<ThinId, ThinUsage>(), why);

    private static KernelError BeingReplaced(PoolName pool) =>
        new(KernelFault.Busy, 0, "read metadata", pool.Value, "the pool is taken down for its metadata");
}

/// <summary>Admits readers of a pool's metadata, until a repair closes it and waits for them to end.</summary>
internal sealed class MetadataGate
{
    private readonly Lock _lock = new();
    private int _readers;

    /// <summary>Completes when all readers have finished; null while the gate is open.</summary>
    private TaskCompletionSource? _closing;
    private TaskCompletionSource _opened = NewSource();

    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_closing is not null)
                return false;
            _readers++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            if (--_readers == 0)
                _closing?.TrySetResult();
        }
    }

    /// <summary>Completes when all readers have finished, and no other caller has the gate closed.</summary>
    public async Task Close()
    {
        Task readersAreThrough;
        while (TryClose(out readersAreThrough) is { } opened)
            await opened.ConfigureAwait(false);
        await readersAreThrough.ConfigureAwait(false);
    }

    /// <returns>If another caller has it closed, the task to wait for; else null.</returns>
    private Task? TryClose(out Task readersAreThrough)
    {
        lock (_lock)
        {
            readersAreThrough = Task.CompletedTask;
            if (_closing is not null)
                return _opened.Task;
            (_closing, _opened) = (NewSource(), NewSource());
            if (_readers == 0)
                _closing.SetResult();
            readersAreThrough = _closing.Task;
            return null;
        }
    }

    public void Open()
    {
        lock (_lock)
        {
            _closing = null;
            _opened.SetResult();
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>The result of a reading.</summary>
/// <param name="Why">Why there is nothing; empty after a success.</param>
public sealed record Usages(IReadOnlyDictionary<ThinId, ThinUsage> ById, string Why)
{
    /// <summary>Nothing was read, because no caller needs it.</summary>
    public static Usages NotRead { get; } = new(new Dictionary<ThinId, ThinUsage>(), "it was not read");

    /// <summary>Null if unknown: also for a device created after the reading.</summary>
    public ulong? Mapped(ThinId id, PoolBlockSize blockSize) =>
        ById.TryGetValue(id, out var usage) ? usage.MappedBlocks * blockSize.Bytes.Bytes : null;

    public ulong MappedBytes(ThinId id, PoolBlockSize blockSize) => Mapped(id, blockSize) ?? 0;

    public ulong? ExclusiveBytes(ThinId id, PoolBlockSize blockSize) =>
        ById.TryGetValue(id, out var usage) ? usage.ExclusiveBlocks * blockSize.Bytes.Bytes : null;
}
