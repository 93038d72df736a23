using System.Collections.Concurrent;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>
/// What each device has mapped, from the pool's own metadata. A pool has one metadata snapshot: readers take turns, and
/// those who come while it is read share the result.
/// </summary>
public sealed class UsageReader(IKernel kernel)
{
    private readonly ConcurrentDictionary<(PoolName Pool, bool Exclusive), Lazy<Task<Usages>>> _reading = new();
    private readonly ConcurrentDictionary<PoolName, SemaphoreSlim> _turns = new();

    /// <param name="exclusive">Also how much each device has for itself alone, which reads all mappings.</param>
    /// <returns>By thin id. Empty with a reason where the pool cannot be read.</returns>
    public Task<Usages> Read(PoolPicture pool, bool exclusive)
    {
        var key = (pool.Name, exclusive);
        var reading = _reading.GetOrAdd(key, _ => new Lazy<Task<Usages>>(() => ReadInTurn(pool, exclusive)));
        return reading.Value;
    }

    /// <summary>For whoever takes a metadata snapshot of a pool himself: his turn comes like everyone's.</summary>
    public Task<T> InTurn<T>(PoolName pool, Func<T> read) => InTurn(pool, () => Task.Run(read));

    public async Task<T> InTurn<T>(PoolName pool, Func<Task<T>> read)
    {
        var turn = _turns.GetOrAdd(pool, _ => new SemaphoreSlim(1));
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            return await read().ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    private Task<Usages> ReadInTurn(PoolPicture pool, bool exclusive) => InTurn(pool.Name, () =>
    {
        // Whoever comes from here on must see what is changed from here on.
        _reading.TryRemove((pool.Name, exclusive), out _);
        return ReadNow(pool, exclusive);
    });

    private Usages ReadNow(PoolPicture pool, bool exclusive)
    {
        if (pool.State.Identity is not { } identity || pool.Phase is not (PoolPhase.Open or PoolPhase.Stopping))
            return new Usages(new Dictionary<ThinId, ThinUsage>(), $"pool {pool.Name} is not open");
        var device = new PoolContext(identity, pool.Paths, DiscardOnRemove: false).Device;
        var read = exclusive ? kernel.MeasureThins(device) : kernel.ListThins(device);
        return read.Succeeded
            ? new Usages(read.Value.ToDictionary(u => u.Id), "")
            : new Usages(new Dictionary<ThinId, ThinUsage>(), read.Error.ToString());
    }
}

/// <summary>What a reading gave.</summary>
/// <param name="Why">Why there is nothing; empty after a success.</param>
public sealed record Usages(IReadOnlyDictionary<ThinId, ThinUsage> ById, string Why)
{
    public ulong MappedBytes(ThinId id, PoolBlockSize blockSize) =>
        ById.TryGetValue(id, out var usage) ? usage.MappedBlocks * blockSize.Bytes.Bytes : 0;

    public ulong? ExclusiveBytes(ThinId id, PoolBlockSize blockSize) =>
        ById.TryGetValue(id, out var usage) ? usage.ExclusiveBlocks * blockSize.Bytes.Bytes : null;
}
