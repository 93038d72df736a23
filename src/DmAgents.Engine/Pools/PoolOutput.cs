using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>The outputs of a step, to be carried out in their order.</summary>
public abstract record PoolOutput;

/// <summary>The outputs.</summary>
public static class PoolOutputs
{
    /// <summary>Write these events to the journal in one transaction. Answered by <see
    /// cref="PoolInputs.Durable"/>.</summary>
    public sealed record Persist(ImmutableArray<PoolEvent> Events) : PoolOutput;

    /// <summary>Run the job in a worker. Answered by <see cref="PoolInputs.Worked"/>.</summary>
    /// <param name="Worker">The device whose worker runs it; null for the pool's own worker. A worker runs one job
    /// after the other.</param>
    public sealed record Work(ThinId? Worker, Job Job) : PoolOutput;

    /// <summary>The worker of this device has no job and is not needed.</summary>
    public sealed record Release(ThinId Worker) : PoolOutput;

    /// <summary>Send a reply.</summary>
    public sealed record Reply(Caller To, PoolReply Message) : PoolOutput;

    /// <summary>Start a timer. Answered by <see cref="PoolInputs.Due"/>.</summary>
    /// <param name="Repeats">It repeats until it is cancelled.</param>
    public sealed record StartTimer(PoolTimer Timer, TimeSpan After, bool Repeats) : PoolOutput;

    /// <summary>Cancel a timer.</summary>
    public sealed record CancelTimer(PoolTimer Timer) : PoolOutput;

    /// <summary>Publish the pool's state after the step to readers. Always the first output of a step.</summary>
    public sealed record Show : PoolOutput
    {
        public static Show Instance { get; } = new();
    }

    /// <summary>The pool's phase or its reason has changed.</summary>
    public sealed record Entered(PoolPhase Phase, string Reason, DateTimeOffset Since) : PoolOutput;

    /// <summary>Store a snapshot of the state: all its events are durable.</summary>
    public sealed record Store(PoolState State) : PoolOutput;

    /// <summary>Compare the files with the state.</summary>
    public sealed record RebuildFiles(PoolState State) : PoolOutput;

    /// <summary>Bring the files up to date with the state. Answered by <see
    /// cref="PoolInputs.FilesFinished"/>.</summary>
    public sealed record FinishFiles : PoolOutput
    {
        public static FinishFiles Instance { get; } = new();
    }

    /// <summary>Stop writing files. Answered by <see cref="PoolInputs.FilesStopped"/>.</summary>
    public sealed record StopFiles : PoolOutput
    {
        public static StopFiles Instance { get; } = new();
    }

    /// <summary>Resume writing files.</summary>
    public sealed record StartFiles : PoolOutput
    {
        public static StartFiles Instance { get; } = new();
    }

    /// <summary>Write to the log.</summary>
    public sealed record Say(LogLine Line) : PoolOutput;

    /// <summary>The pool has ended, or was never made: the host forgets it.</summary>
    public sealed record Ended(string Why) : PoolOutput;

    /// <summary>The machine accepts no further input.</summary>
    public sealed record Stop : PoolOutput
    {
        public static Stop Instance { get; } = new();
    }
}
