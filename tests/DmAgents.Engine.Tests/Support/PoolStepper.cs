using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Pools.Jobs;
using DmAgents.Testing.Faults;

namespace DmAgents.Engine.Tests.Support;

/// <summary>The environment of a machine.</summary>
/// <param name="Journal">The durable events.</param>
internal sealed record PoolStage(
    PoolScene Scene, IKernel Kernel, IDurableFiles Files, List<PoolEvent> Journal, VirtualClock Clock);

/// <summary>
/// Carries out the outputs of a pool's production machine on the test's thread, from its start from the journal to its
/// death. Each worker runs one job after the other, and workers take turns. Time advances only if nothing else can run:
/// to the next timer.
/// </summary>
/// <remarks>A job that reaches a gate of the kernel waits there on its own thread, while all others continue.</remarks>
/// <param name="gates">The kernel's gates.</param>
internal class PoolStepper(PoolStage stage, Func<IReadOnlyList<CallGate>> gates)
{
    /// <summary>Virtual time: a condition that does not hold by then never does.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    /// <summary>Real time, for a job on its own thread.</summary>
    private static readonly TimeSpan JobPatience = TimeSpan.FromMinutes(2);

    private readonly PoolMachine _machine = MachineOf(stage);
    private readonly JobSite _site = new(stage.Kernel, stage.Files, stage.Clock);
    private readonly Queue<PoolInput> _inputs = new([PoolInputs.Replayed.Instance]);
    private readonly List<PoolWorker> _workers = [];
    private readonly Dictionary<PoolTimer, (DateTimeOffset At, TimeSpan? Again)> _timers = [];
    private readonly List<int> _held = [];
    private bool _isHeld;

    public PoolMachine Machine => _machine;

    public PoolState State => _machine.State;

    /// <summary>The lines of the log.</summary>
    public List<LogLine> Logged { get; } = [];

    /// <summary>Warnings and errors of the log.</summary>
    public IEnumerable<string> Warnings =>
        Logged.Where(line => line.Severity >= LogSeverity.Warning).Select(line => line.ToString());

    /// <summary>The writes to the journal, each with its events.</summary>
    public List<ImmutableArray<PoolEvent>> Writes { get; } = [];

    /// <summary>The number of decided writes that wait for <see cref="ReleaseJournal"/>.</summary>
    public int HeldWrites => _held.Count;

    /// <summary>Runs before each write to the journal: a place to die.</summary>
    public Action? BeforeCommit { get; set; }

    /// <summary>Runs when a write is durable: a place to die.</summary>
    public Action<ImmutableArray<PoolEvent>>? AfterCommit { get; set; }

    /// <summary>The plan of the latest recovery.</summary>
    public RecoveryPlan? Plan { get; private set; }

    /// <summary>The machine has stopped itself, or died.</summary>
    public bool HasStopped { get; private set; }

    /// <summary>The reason of its end, if it has reported one.</summary>
    public string? Ended { get; private set; }

    public Answer Ask(PoolCommand command)
    {
        var answer = new Answer(this, command);
        _inputs.Enqueue(new PoolInputs.Asked(command, new Caller(answer)));
        return answer;
    }

    public void Tell(PoolInput input) => _inputs.Enqueue(input);

    /// <summary>Holds all writes from here on: decided events do not become durable.</summary>
    public void HoldJournal() => _isHeld = true;

    public void ReleaseJournal()
    {
        _isHeld = false;
        foreach (var events in _held)
            _inputs.Enqueue(new PoolInputs.Durable(events));
        _held.Clear();
    }

    /// <summary>The process dies between two steps: nothing is finished, no caller is answered.</summary>
    /// <param name="held">A call in the kernel, which ends after the process.</param>
    public void Die(CallGate? held = null)
    {
        CutKernel();
        HasStopped = true;
        held?.Open();
        _workers.ForEach(worker => worker.AwaitEnd(JobPatience));
        _site.Dispose();
        // Decided events that were not written are lost.
        stage.Journal.RemoveRange(stage.Journal.Count - _held.Sum(), _held.Sum());
        _held.Clear();
    }

    public void RunUntil(Func<bool> condition, Func<string> otherwise)
    {
        var deadline = stage.Clock.GetUtcNow() + Patience;
        while (!condition())
        {
            Assert.False(HasStopped && !condition(), $"{otherwise()}; the machine has stopped");
            var runs = RunOne() || (NextTimer() <= deadline && Wait());
            Assert.True(runs, $"{otherwise()}; nothing is left to be done before {deadline:t}");
        }
    }

    /// <summary>Runs everything that can run at this moment, without waiting for a timer.</summary>
    public void RunReady()
    {
        while (!HasStopped && RunOne())
        {
        }
    }

    /// <summary>Advances the time by this amount.</summary>
    public void Pass(TimeSpan time)
    {
        var until = stage.Clock.GetUtcNow() + time;
        RunReady();
        while (!HasStopped && NextTimer() <= until)
        {
            Wait();
            RunReady();
        }
        stage.Clock.Set(until);
    }

    private bool RunOne()
    {
        try
        {
            return TakeInput() || TakeTimer() || RunJob();
        }
        catch (AgentDiedException)
        {
            Die();
            return true;
        }
    }

    private bool TakeInput()
    {
        if (!_inputs.TryDequeue(out var input))
            return false;
        foreach (var output in _machine.Step(input, stage.Clock.GetUtcNow()))
            Do(output);
        return true;
    }

    /// <summary>Fires a timer that is due.</summary>
    private bool TakeTimer() => NextTimer() <= stage.Clock.GetUtcNow() && Wait();

    /// <summary>Workers take turns: one that runs a job moves to the end.</summary>
    private bool RunJob()
    {
        if (_workers.Find(worker => worker.CanRun) is not { } next)
            return false;
        _workers.Remove(next);
        _workers.Add(next);
        if (next.Run(gates(), JobPatience) is { } result)
            _inputs.Enqueue(new PoolInputs.Worked(next.Device, result));
        return true;
    }

    private DateTimeOffset NextTimer() =>
        _timers.Count == 0 ? DateTimeOffset.MaxValue : _timers.Values.Min(timer => timer.At);

    /// <summary>Advances to the next timer.</summary>
    private bool Wait()
    {
        var (due, (at, again)) = _timers.OrderBy(timer => timer.Value.At).ThenBy(timer => timer.Key).First();
        if (again is { } interval)
            _timers[due] = (at + interval, again);
        else
            _timers.Remove(due);
        stage.Clock.Set(at);
        _inputs.Enqueue(new PoolInputs.Due(due));
        return true;
    }

    private void Do(PoolOutput output)
    {
        switch (output)
        {
            case PoolOutputs.Persist persist:
                BeforeCommit?.Invoke();
                stage.Journal.AddRange(persist.Events);
                Writes.Add(persist.Events);
                AfterCommit?.Invoke(persist.Events);
                if (_isHeld)
                    _held.Add(persist.Events.Length);
                else
                    _inputs.Enqueue(new PoolInputs.Durable(persist.Events.Length));
                break;
            case PoolOutputs.Work work:
                if (work.Job is PoolJobs.CleanUp cleanUp)
                    Plan = cleanUp.Plan;
                WorkerOf(work.Worker).Give(work.Job);
                break;
            case PoolOutputs.Release release:
                _workers.RemoveAll(worker => worker.Device == release.Worker);
                break;
            case PoolOutputs.Reply reply:
                var answer = (Answer)reply.To.Reference;
                Assert.False(answer.IsGiven, $"{answer.Command.GetType().Name} is answered twice");
                answer.Given = reply.Message;
                break;
            case PoolOutputs.StartTimer start:
                _timers[start.Timer] = (stage.Clock.GetUtcNow() + start.After, start.Repeats ? start.After : null);
                break;
            case PoolOutputs.CancelTimer cancel:
                _timers.Remove(cancel.Timer);
                break;
            case PoolOutputs.FinishFiles:
                _inputs.Enqueue(PoolInputs.FilesFinished.Instance);
                break;
            case PoolOutputs.StopFiles:
                _inputs.Enqueue(PoolInputs.FilesStopped.Instance);
                break;
            case PoolOutputs.Say say:
                Logged.Add(say.Line);
                break;
            case PoolOutputs.Ended ended:
                Ended = ended.Why;
                break;
            case PoolOutputs.Stop:
                HasStopped = true;
                _site.Dispose();
                break;
            default:
                break;
        }
    }

    private PoolWorker WorkerOf(ThinId? device)
    {
        if (_workers.Find(worker => worker.Device == device) is { } known)
            return known;
        var made = new PoolWorker(device, _site);
        _workers.Add(made);
        return made;
    }

    /// <summary>At the death of the process: its later calls do not reach the kernel.</summary>
    protected virtual void CutKernel()
    {
    }

    private static PoolMachine MachineOf(PoolStage stage)
    {
        var machine = new PoolMachine(stage.Scene, stage.Clock.GetUtcNow());
        foreach (var happened in stage.Journal)
            machine.Replay(happened);
        return machine;
    }
}
