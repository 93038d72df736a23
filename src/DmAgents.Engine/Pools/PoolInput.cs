using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>What happens to a pool, one thing after the other: see <see cref="PoolMachine.Step"/>.</summary>
public abstract record PoolInput;

/// <summary>The inputs.</summary>
public static class PoolInputs
{
    /// <summary>The journal was replayed: the first input.</summary>
    public sealed record Replayed : PoolInput
    {
        public static Replayed Instance { get; } = new();
    }

    /// <summary>A request arrives.</summary>
    /// <param name="From">Receives the reply.</param>
    public sealed record Asked(PoolCommand Command, Caller From) : PoolInput;

    /// <summary>The journal has so many more of the events that <see cref="PoolOutputs.Persist"/> named: all events of
    /// one output together.</summary>
    public sealed record Durable(int Events) : PoolInput;

    /// <summary>A job is done.</summary>
    /// <param name="Worker">The device in whose worker it ran; null for the pool's own.</param>
    public sealed record Worked(ThinId? Worker, JobResult Result) : PoolInput;

    /// <summary>A timer is due.</summary>
    public sealed record Due(PoolTimer Timer) : PoolInput;

    /// <summary>The kernel reported an event: the status is read at once.</summary>
    public sealed record LookAtStatus : PoolInput
    {
        public static LookAtStatus Instance { get; } = new();
    }

    /// <summary>A pool whose creation never became durable is to report its end.</summary>
    public sealed record EndIfNeverMade : PoolInput
    {
        public static EndIfNeverMade Instance { get; } = new();
    }

    /// <summary>Finish what is under way, mark a checkpoint, stop. Devices and mounts stay.</summary>
    public sealed record Stop : PoolInput
    {
        public static Stop Instance { get; } = new();
    }

    /// <summary>The files of the projection are those of the state, as <see cref="PoolOutputs.FinishFiles"/> asked.
    /// </summary>
    public sealed record FilesFinished : PoolInput
    {
        public static FilesFinished Instance { get; } = new();
    }

    /// <summary>Nothing writes files any more, as <see cref="PoolOutputs.StopFiles"/> asked.</summary>
    public sealed record FilesStopped : PoolInput
    {
        public static FilesStopped Instance { get; } = new();
    }
}

/// <summary>The sender of a request, of which the machine knows nothing.</summary>
public sealed record Caller(object Reference);

/// <summary>The timers of a pool. Each is either waiting or not: a second start replaces the first.</summary>
public enum PoolTimer
{
    /// <summary>The pool is opened again.</summary>
    Open,

    /// <summary>The files are compared with the state.</summary>
    Files,

    /// <summary>The status is read, again and again.</summary>
    Status,

    /// <summary>The status is read once more, sooner.</summary>
    StatusSoon,

    /// <summary>Devices with problems and purges are tried again.</summary>
    Retry,

    /// <summary>Outcomes are written that no other write took along.</summary>
    Outcome,

    /// <summary>A stop waits no longer for what is under way.</summary>
    Stop,

    /// <summary>Writers to a full pool wait no longer.</summary>
    Full,

    /// <summary>A pool that could not be extended is tried again.</summary>
    Extension,

    /// <summary>Deletions that failed are tried again.</summary>
    Deletion,

    /// <summary>The next piece of a device is discarded.</summary>
    Piece,

    /// <summary>The next piece of a file system is trimmed.</summary>
    Trim,

    /// <summary>The stock is filled.</summary>
    Stock,
}
