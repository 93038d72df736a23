using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>What is to be done after a step, in the order of the outputs.</summary>
public abstract record PoolOutput;

/// <summary>The outputs.</summary>
public static class PoolOutputs
{
    /// <summary>Write these events to the journal, in one transaction. Answered by
    /// <see cref="PoolInputs.Durable"/>.</summary>
    public sealed record Persist(ImmutableArray<PoolEvent> Events) : PoolOutput;

    /// <summary>Let a worker run the job. Answered by <see cref="PoolInputs.Worked"/>.</summary>
    /// <param name="Worker">The device in whose worker it runs; null for the pool's own. A worker runs one job after
    /// the other.</param>
    public sealed record Work(ThinId? Worker, Job Job) : PoolOutput;

    /// <summary>The worker of this device has nothing under way and is not needed.</summary>
    public sealed record Release(ThinId Worker) : PoolOutput;

    /// <summary>Send a reply.</summary>
    public sealed record Reply(Caller To, PoolReply Message) : PoolOutput;

    /// <summary>Start a timer. Answered by <see cref="PoolInputs.Due"/>.</summary>
    /// <param name="Repeats">Until it is cancelled.</param>
    public sealed record StartTimer(PoolTimer Timer, TimeSpan After, bool Repeats) : PoolOutput;

    /// <summary>A timer that waits no longer.</summary>
    public sealed record CancelTimer(PoolTimer Timer) : PoolOutput;

    /// <summary>Readers see the pool as it is after the step. Always the first output of a step.</summary>
    public sealed record Show : PoolOutput
    {
        public static Show Instance { get; } = new();
    }

    /// <summary>The pool is in another phase, or for another reason.</summary>
    public sealed record Entered(PoolPhase Phase, string Reason, DateTimeOffset Since) : PoolOutput;

    /// <summary>Store a snapshot of the state: all of its events are durable.</summary>
    public sealed record Store(PoolState State) : PoolOutput;

    /// <summary>Compare the files with the state.</summary>
    public sealed record RebuildFiles(PoolState State) : PoolOutput;

    /// <summary>Bring the files up to the state. Answered by <see cref="PoolInputs.FilesFinished"/>.</summary>
    public sealed record FinishFiles : PoolOutput
    {
        public static FinishFiles Instance { get; } = new();
    }

    /// <summary>Write no files any more. Answered by <see cref="PoolInputs.FilesStopped"/>.</summary>
    public sealed record StopFiles : PoolOutput
    {
        public static StopFiles Instance { get; } = new();
    }

    /// <summary>Write files again.</summary>
    public sealed record StartFiles : PoolOutput
    {
        public static StartFiles Instance { get; } = new();
    }

    /// <summary>For the log.</summary>
    public sealed record Say(bool IsWarning, string Text) : PoolOutput;

    /// <summary>The pool is no more, or never was: the host forgets it.</summary>
    public sealed record Ended(string Why) : PoolOutput;

    /// <summary>The machine takes no further input.</summary>
    public sealed record Stop : PoolOutput
    {
        public static Stop Instance { get; } = new();
    }
}
