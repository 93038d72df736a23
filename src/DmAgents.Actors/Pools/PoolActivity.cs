namespace DmAgents.Actors.Pools;

/// <summary>What a pool's actor has begun and not ended: its steps, its writes to the journal, and the jobs of its
/// workers. The actor counts; any thread reads.</summary>
/// <remarks>A reader that finds nothing under way, then takes the pool's picture, and later finds that nothing was begun
/// since, has had a picture of what was so all that time: in the journal as in the kernel.</remarks>
public sealed class PoolActivity
{
    private long _begun;
    private long _ended;

    /// <summary>How much was begun since the pool's actor began.</summary>
    public long Begun => Interlocked.Read(ref _begun);

    /// <summary>Something is decided and not durable, or done and not noted, or being done: devices may differ from
    /// their records.</summary>
    /// <remarks>The ends are read first: what ends in between was under way.</remarks>
    public bool IsUnderWay => Interlocked.Read(ref _ended) != Begun;

    internal void Begin() => Interlocked.Increment(ref _begun);

    internal void End() => Interlocked.Increment(ref _ended);
}
