using DmAgents.Domain.Devices;
using DmAgents.Engine.Pools.Jobs;
using DmAgents.Testing.Faults;

namespace DmAgents.Engine.Tests.Support;

/// <summary>Runs the jobs of one device, or of the pool as a whole, one after the other.</summary>
internal sealed class PoolWorker(ThinId? device, JobSite site)
{
    private readonly Queue<Job> _jobs = new();

    /// <summary>A job that waits at a gate, and the gate.</summary>
    private (Task<JobResult> Job, CallGate Gate)? _waiting;

    public ThinId? Device => device;

    /// <summary>There is a job that does not wait at a closed gate.</summary>
    public bool CanRun => _waiting is { } waiting ? waiting.Gate.IsOpen : _jobs.Count > 0;

    public void Give(Job job) => _jobs.Enqueue(job);

    /// <summary>Runs a job to its end, or to a gate.</summary>
    /// <returns>Null if it waits at a gate.</returns>
    public JobResult? Run(IReadOnlyList<CallGate> gates, TimeSpan patience)
    {
        if (_waiting is null && gates.Count == 0)
            return _jobs.Dequeue().Run(site);
        var running = _waiting is { } waiting ? waiting.Job : Start(_jobs.Dequeue());
        _waiting = null;
        var first = Task.WaitAny([running, .. gates.Select(gate => gate.Reached)], patience);
        Assert.True(first >= 0, "a job neither ends nor comes to a gate");
        // It may have passed a gate that was already open, and ended.
        if (first > 0)
            _waiting = (running, gates[first - 1]);
        return first == 0 ? running.GetAwaiter().GetResult() : null;
    }

    /// <summary>Waits for the end of a job whose gate was opened.</summary>
    public void AwaitEnd(TimeSpan patience)
    {
        if (_waiting is { Gate.IsOpen: true } waiting)
            Task.WaitAny([waiting.Job], patience);
    }

    private Task<JobResult> Start(Job job) => Task.Factory.StartNew(
        () => job.Run(site), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
