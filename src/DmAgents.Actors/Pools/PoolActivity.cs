namespace DmAgents.Actors.Pools;

/// <summary>Work that a pool's actor has begun and not ended: its steps, its writes to the journal, and the jobs of its
/// workers. The actor counts; any thread reads.</summary>
/// <remarks>A reader can prove that a picture was valid throughout: nothing is under way, the reader takes the pool's
/// picture, and nothing has begun since. Journal and kernel then matched the picture all that time.</remarks>
public sealed class PoolActivity
{
    private long _begun;
    private long _ended;

    /// <summary>Work items begun since the pool's actor started.</summary>
    public long Begun => Interlocked.Read(ref _begun);

    /// <summary>A decision is not durable yet, or its effect is running or not recorded: devices may differ from their
    /// records.</summary>
    /// <remarks>The count of ended items is read first: an item that ends in between counts as under way.</remarks>
    public bool IsUnderWay => Interlocked.Read(ref _ended) != Begun;

    internal void Begin() => Interlocked.Increment(ref _begun);

    internal void End() => Interlocked.Increment(ref _ended);
}
