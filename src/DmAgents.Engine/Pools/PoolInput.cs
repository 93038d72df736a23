using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>The inputs of a pool, one after the other: see <see cref="PoolMachine.Step"/>.</summary>
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

    /// <summary>The journal has this number of further events from <see cref="PoolOutputs.Persist"/>: always all events
    /// of one output together.</summary>
    public sealed record Durable(int Events) : PoolInput;

    /// <summary>A job has ended.</summary>
    /// <param name="Worker">The device whose worker ran it; null for the pool's own worker.</param>
    public sealed record Worked(ThinId? Worker, JobResult Result) : PoolInput;

    /// <summary>A timer is due.</summary>
    public sealed record Due(PoolTimer Timer) : PoolInput;

    /// <summary>The kernel reported an event: read the status at once.</summary>
    public sealed record LookAtStatus : PoolInput
    {
        public static LookAtStatus Instance { get; } = new();
    }

    /// <summary>If the pool's creation never became durable, report its end.</summary>
    public sealed record EndIfNeverMade : PoolInput
    {
        public static EndIfNeverMade Instance { get; } = new();
    }

    /// <summary>Finish operations under way, set a checkpoint, and stop. Devices and mounts stay.</summary>
    public sealed record Stop : PoolInput
    {
        public static Stop Instance { get; } = new();
    }

    /// <summary>The projection's files match the state, as <see cref="PoolOutputs.FinishFiles"/> requested.</summary>
    public sealed record FilesFinished : PoolInput
    {
        public static FilesFinished Instance { get; } = new();
    }

    /// <summary>No files are being written any more, as <see cref="PoolOutputs.StopFiles"/> requested.</summary>
    public sealed record FilesStopped : PoolInput
    {
        public static FilesStopped Instance { get; } = new();
    }
}

/// <summary>The sender of a request; the machine does not look into it.</summary>
public sealed record Caller(object Reference);

/// <summary>The timers of a pool. Starting a running timer replaces it.</summary>
public enum PoolTimer
{
    /// <summary>Opens the pool again.</summary>
    Open,

    /// <summary>Compares the files with the state.</summary>
    Files,

    /// <summary>Reads the status regularly.</summary>
    Status,

    /// <summary>Reads the status once more, sooner.</summary>
    StatusSoon,

    /// <summary>Retries devices with problems, and purges.</summary>
    Retry,

    /// <summary>Writes outcomes that no other write has included.</summary>
    Outcome,

    /// <summary>Ends a stop's wait for operations under way.</summary>
    Stop,

    /// <summary>Ends the wait of writers to a full pool.</summary>
    Full,

    /// <summary>Retries a failed extension.</summary>
    Extension,

    /// <summary>Retries failed deletions.</summary>
    Deletion,

    /// <summary>Discards the next piece of a device.</summary>
    Piece,

    /// <summary>Trims the next piece of a file system.</summary>
    Trim,

    /// <summary>Refills the stock.</summary>
    Stock,
}
