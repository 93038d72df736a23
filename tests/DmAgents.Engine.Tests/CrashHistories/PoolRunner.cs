using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Tests.Support;
using DmAgents.Testing.Faults;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>The agents of a pool, one after the other, each over what the journal has. Time stands still, but for <see
/// cref="Rest"/>: what a timer starts later does not happen.</summary>
/// <param name="steps">Where an agent dies.</param>
internal sealed class PoolRunner(PoolStage stage, Steps steps)
{
    private readonly Dictionary<RequestId, Answer> _asked = [];
    private PoolStepper _life = Begin(stage, steps);

    public PoolState State => _life.State;

    public PoolContext Context => new(State.Identity!, stage.Scene.Paths, stage.Scene.Settings.DiscardsOnRemove(
        State.Identity!.Backing));

    /// <summary>The plan of the latest recovery.</summary>
    public RecoveryPlan? Plan => _life.Plan;

    /// <summary>Lets go of the pool, as the end of a process does.</summary>
    public void End() => _life.Die();

    /// <summary>Starts over what the journal has: replay, open, compare, clean up, finish.</summary>
    /// <exception cref="AgentDiedException">It was its time.</exception>
    public KernelResult Start()
    {
        End();
        _life = Begin(stage, steps);
        Run();
        return State.Identity is null || _life.Machine.Phase == PoolPhase.Open
            ? KernelResult.Done
            : new KernelError(KernelFault.Invalid, 0, "open pool", stage.Scene.Name.Value, _life.Machine.Reason);
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
        _life.Tell(Engine.Pools.PoolInputs.LookAtStatus.Instance);
        Run();
        foreach (var command in commands)
            _asked[command.Request] = _life.Ask(command);
        Run();
        if (commands.FirstOrDefault(command => AnswerTo(command) is null) is { } forgotten)
            throw new InvalidOperationException($"{forgotten} has no answer");
    }

    /// <summary>Null: none was given.</summary>
    public PoolReply? AnswerTo(PoolCommand command) => _asked.GetValueOrDefault(command.Request)?.Given;

    /// <summary>A while in which no command comes: outcomes are written without an intent to ride along with.</summary>
    public void Rest() => Run(stage.Scene.Settings.OutcomeDelay);

    private void Run(TimeSpan time = default)
    {
        _life.Pass(time);
        if (_life.HasStopped)
            throw new AgentDiedException();
    }

    private static PoolStepper Begin(PoolStage stage, Steps steps) => new(stage, gates: () => [])
    {
        BeforeCommit = steps.Alive,
        AfterCommit = events => steps.Changed(string.Join(", ", events.Select(e => e.GetType().Name))),
    };
}
