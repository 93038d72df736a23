namespace DmAgents.Actors.Pools;

/// <summary>How many jobs a pool has given to its device actors. The pool's actor counts; any thread reads.</summary>
public sealed class DeviceJobCount
{
    private long _given;
    private long _answered;

    /// <summary>Jobs given since the pool's actor began.</summary>
    public long Given => Interlocked.Read(ref _given);

    /// <summary>Some jobs have no answer yet: their devices may differ from their records.</summary>
    public bool AreUnderWay => Interlocked.Read(ref _answered) != Given;

    internal void Give() => Interlocked.Increment(ref _given);

    internal void Answer() => Interlocked.Increment(ref _answered);
}
