using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Tests.Support;
using DmAgents.Testing.Faults;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>The successive agents of a pool, each starting from the journal. Time stands still except in <see
/// cref="Rest"/>: timers for a later time do not fire.</summary>
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

    /// <summary>Releases the pool, as the end of a process does.</summary>
    public void End() => _life.Die();

    /// <summary>Starts from the journal: replay, open, compare, clean up, finish.</summary>
    /// <exception cref="AgentDiedException">The agent died at its crash point.</exception>
    public KernelResult Start()
    {
        End();
        _life = Begin(stage, steps);
        Run();
        return State.Identity is null || _life.Machine.Phase == PoolPhase.Open
            ? KernelResult.Done
            : new KernelError(KernelFault.Invalid, 0, "open pool", stage.Scene.Name.Value, _life.Machine.Reason);
    }

    /// <summary>Null if the command is done, and durable; otherwise the reason.</summary>
    public Refusal? Do(PoolCommand command)
    {
        DoTogether([command]);
        return AnswerTo(command) is PoolReplies.Refused refused ? refused.Refusal : null;
    }

    /// <summary>Sends all of these before any result of the first is processed.</summary>
    public void DoTogether(IReadOnlyCollection<PoolCommand> commands)
    {
        // Production reads the status regularly; the test reads it whenever it matters.
        _life.Tell(Engine.Pools.PoolInputs.LookAtStatus.Instance);
        Run();
        foreach (var command in commands)
            _asked[command.Request] = _life.Ask(command);
        Run();
        if (commands.FirstOrDefault(command => AnswerTo(command) is null) is { } forgotten)
            throw new InvalidOperationException($"{forgotten} has no answer");
    }

    /// <summary>Null: there was no reply.</summary>
    public PoolReply? AnswerTo(PoolCommand command) => _asked.GetValueOrDefault(command.Request)?.Given;

    /// <summary>A while without commands: outcomes are written without an intent.</summary>
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
