using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>
/// Does what the production machine of a pool says, without actors: one output after the other, on one thread, with a
/// journal and a kernel that may die at each.
/// </summary>
/// <param name="rides">Outcomes are durable with the next write, so that a crash loses them; else as early as they can
/// be.</param>
internal sealed class PoolRunner(
    PoolScene scene, IKernel kernel, IDurableFiles files, Journal journal, bool rides) : IDisposable
{
    private static readonly DateTimeOffset At = Given.At;
    private static readonly Caller Owner = new("the owner");

    /// <summary>What is to be done next: inputs, and jobs that give one.</summary>
    private readonly Queue<Func<PoolInput>> _next = new();

    /// <summary>Timers that wait, and are due when the runner says so.</summary>
    private readonly HashSet<PoolTimer> _timers = [];
    private readonly JobSite _site = new(kernel, files, TimeProvider.System);
    private PoolMachine _machine = new(scene, At);

    /// <summary>The answers so far, by their request.</summary>
    private readonly Dictionary<RequestId, PoolReply> _replies = [];

    public PoolState State => _machine.State;

    public PoolContext Context => new(State.Identity!, scene.Paths, scene.Settings.DiscardsOnRemove(
        State.Identity!.Backing));

    /// <summary>The plan of the latest recovery.</summary>
    public RecoveryPlan? Plan { get; private set; }

    /// <summary>Lets go of the pool, as the end of a process does.</summary>
    public void Dispose() => _site.Dispose();

    /// <summary>Starts over what the journal has: replay, open, compare, clean up, finish.</summary>
    public KernelResult Start()
    {
        _machine = new PoolMachine(scene, At);
        foreach (var happened in journal.Durable)
            _machine.Replay(happened);
        Run([PoolInputs.Replayed.Instance]);
        return State.Identity is null || _machine.Phase == PoolPhase.Open
            ? KernelResult.Done
            : new KernelError(KernelFault.Invalid, 0, "open pool", scene.Name.Value, _machine.Reason);
    }

    /// <summary>Null: it is so now, and durable. Else the reason why not.</summary>
    public Refusal? Do(PoolCommand command)
    {
        DoTogether([command]);
        return AnswerTo(command) is PoolReplies.Refused refused ? refused.Refusal : null;
    }

    /// <summary>Asks all of these before anything that comes of the first is done.</summary>
    public void DoTogether(IReadOnlyCollection<PoolCommand> commands)
    {
        // As often as production reads it, and each time it matters.
        Run([PoolInputs.LookAtStatus.Instance]);
        Run([.. commands.Select(command => new PoolInputs.Asked(command, Owner))]);
        if (commands.FirstOrDefault(command => AnswerTo(command) is null) is { } forgotten)
            throw new InvalidOperationException($"{forgotten} has no answer");
    }

    /// <summary>Null: none was given.</summary>
    public PoolReply? AnswerTo(PoolCommand command) => _replies.GetValueOrDefault(command.Request);

    /// <summary>A while in which no command comes: outcomes are written without an intent to ride along with.</summary>
    public void Rest()
    {
        if (_timers.Contains(PoolTimer.Outcome))
            Run([Due(PoolTimer.Outcome)]);
    }

    private void Run(IReadOnlyCollection<PoolInput> inputs)
    {
        foreach (var input in inputs)
            _next.Enqueue(() => input);
        while (_next.TryDequeue(out var next))
        {
            foreach (var output in _machine.Step(next(), At))
                Do(output);
            // What the background does between two pieces of a deletion takes no time here.
            if (_next.Count == 0 && _timers.Contains(PoolTimer.Piece))
                _next.Enqueue(() => Due(PoolTimer.Piece));
        }
    }

    private PoolInputs.Due Due(PoolTimer timer)
    {
        _timers.Remove(timer);
        return new PoolInputs.Due(timer);
    }

    private void Do(PoolOutput output)
    {
        switch (output)
        {
            case PoolOutputs.Persist persist:
                journal.Append(persist.Events);
                _next.Enqueue(() => new PoolInputs.Durable(persist.Events.Length));
                break;
            case PoolOutputs.Work work:
                if (work.Job is PoolJobs.CleanUp cleanUp)
                    Plan = cleanUp.Plan;
                _next.Enqueue(() => new PoolInputs.Worked(work.Worker, work.Job.Run(_site)));
                break;
            case PoolOutputs.Reply reply:
                _replies[reply.Message.Request] = reply.Message;
                break;
            case PoolOutputs.StartTimer { Timer: PoolTimer.Outcome } when !rides:
                _next.Enqueue(() => Due(PoolTimer.Outcome));
                break;
            case PoolOutputs.StartTimer start:
                _timers.Add(start.Timer);
                break;
            case PoolOutputs.CancelTimer cancel:
                _timers.Remove(cancel.Timer);
                break;
        }
    }
}
