using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>The environment of a pool's machine.</summary>
/// <param name="Name">The pool's name.</param>
/// <param name="Uuid">Its uuid.</param>
/// <param name="StateDirectory">The agent's state directory.</param>
/// <param name="Settings">The settings of pools.</param>
/// <param name="Work">Requests that use pools from outside.</param>
/// <param name="NewId">Creates ids for requests without a caller and for the stock.</param>
public sealed record PoolScene(
    PoolName Name, PoolUuid Uuid, string StateDirectory, PoolSettings Settings, WorkUnderWay Work, Func<Guid> NewId)
{
    public PoolPaths Paths => new(StateDirectory, Name);
}

/// <summary>
/// The shared state of a pool machine's parts: the pool's state (ahead of the journal by the writes under way), the
/// phase, the timers, the jobs under way, and the outputs of the step.
/// </summary>
internal sealed class PoolCore(PoolScene scene, DateTimeOffset now)
{
    private readonly List<PoolEvent> _outcomes = [];
    private readonly Queue<(int Left, Action WhenDurable)> _writes = new();
    private readonly HashSet<PoolTimer> _timers = [];
    private readonly Dictionary<ThinId, int> _jobs = [];
    private readonly LoggedReason _whyClosed = new();
    private List<PoolOutput> _outputs = [];
    private bool _isChanged;
    private PoolContext? _context;

    public PoolScene Scene => scene;

    public PoolState State { get; private set; } = PoolState.Empty;

    /// <summary>By the latest reading; null before the first.</summary>
    public PoolHealth? Health { get; set; }

    public PoolPhase Phase { get; private set; } = PoolPhase.Opening;

    public string Reason { get; private set; } = "the journal is replayed";

    public DateTimeOffset Since { get; private set; } = now;

    /// <summary>The time of the step.</summary>
    public DateTimeOffset Now { get; private set; } = now;

    /// <summary>Events since the last snapshot of the state.</summary>
    public int EventsSinceSnapshot { get; set; }

    public bool HasIdentity => _context is not null;

    /// <summary>Rebuilt whenever the backing changes; valid once the pool has an identity.</summary>
    public PoolContext Pool => _context ?? throw new InvalidOperationException("the pool has no identity yet");

    /// <summary>Devices that lost a snapshot or a view since <see cref="UnneededLayers"/> last judged them.</summary>
    public HashSet<ThinId> Freed { get; } = [];

    /// <summary>A device's worker has an unanswered job.</summary>
    public bool DevicesAreAtWork => _jobs.Count > 0;

    public bool IsAtWork(ThinId device) => _jobs.ContainsKey(device);

    public void Begin(DateTimeOffset at) => Now = at;

    /// <summary>Ends the step, and returns its outputs.</summary>
    public IReadOnlyList<PoolOutput> TakeOutputs()
    {
        if (_isChanged)
            _outputs.Insert(0, PoolOutputs.Show.Instance);
        _isChanged = false;
        var outputs = _outputs;
        _outputs = [];
        return outputs;
    }

    public void Put(PoolOutput output) => _outputs.Add(output);

    /// <summary>Publishes the state to readers after the step.</summary>
    public void Show() => _isChanged = true;

    public void Restore(PoolState state)
    {
        State = state;
        EventsSinceSnapshot = 0;
    }

    public void Replay(PoolEvent happened)
    {
        State = State.Apply(happened);
        EventsSinceSnapshot++;
    }

    public void UseIdentity() => _context = new PoolContext(
        State.Identity!, scene.Paths, scene.Settings.DiscardsOnRemove(State.Identity!.Backing))
    {
        DiscardAbove = scene.Settings.DiscardsAbove(State.Identity!.Backing),
        LowWaterPercent = scene.Settings.LowWaterPercent,
        Guard = PoolGuard.Of(State),
    };

    /// <param name="isRetry">A timer tries again what failed: the log has neither the try nor an unchanged
    /// reason.</param>
    public void Enter(PoolPhase phase, string reason, bool isRetry = false)
    {
        if (Phase == phase && Reason == reason)
            return;
        (Phase, Reason, Since) = (phase, reason, Now);
        if (!isRetry)
            SayPhase();
        Put(new PoolOutputs.Entered(phase, reason, Now));
        Show();
    }

    private void SayPhase()
    {
        var failed = Phase is PoolPhase.Unavailable or PoolPhase.WrongPool;
        if (!failed)
            _whyClosed.Clear();
        if (!failed || _whyClosed.Add($"{Phase}: {Reason}"))
            Say(PoolLog.PhaseEntered(scene.Name, Phase, Reason));
    }

    public void Say(LogLine line) => Put(new PoolOutputs.Say(line));

    /// <summary>
    /// Applies events to the state at once, and runs <paramref name="whenDurable"/> when they are in the journal.
    /// Waiting outcomes are written with them, in front.
    /// </summary>
    public void Record(ImmutableArray<PoolEvent> events, Action whenDurable)
    {
        foreach (var happened in events)
            Apply(happened);
        ImmutableArray<PoolEvent> written = [.. _outcomes, .. events];
        _outcomes.Clear();
        Cancel(PoolTimer.Outcome);
        if (written.IsEmpty)
        {
            whenDurable();
            return;
        }
        _writes.Enqueue((written.Length, whenDurable));
        Put(new PoolOutputs.Persist(written));
    }

    /// <summary>Records an outcome that recovery could read from the pool, so it can wait for the next write.</summary>
    public void Outcome(PoolEvent outcome)
    {
        Apply(outcome);
        _outcomes.Add(outcome);
        if (!IsWaiting(PoolTimer.Outcome))
            Start(PoolTimer.Outcome, scene.Settings.OutcomeDelay);
    }

    /// <summary>Runs after the writes under way; at once if there are none.</summary>
    public void AfterWrites(Action then)
    {
        if (_writes.Count == 0)
            then();
        else
            _writes.Enqueue((0, then));
    }

    /// <summary>The journal has all events of the oldest write under way.</summary>
    public void OnDurable(int events, Action afterEach)
    {
        if (!_writes.TryDequeue(out var write) || write.Left != events)
            throw new InvalidOperationException($"no write of {events} events is the first under way");
        EventsSinceSnapshot += events;
        Show();
        write.WhenDurable();
        afterEach();
        while (_writes.TryPeek(out var next) && next.Left == 0)
        {
            _writes.Dequeue();
            next.WhenDurable();
        }
    }

    public bool IsWaiting(PoolTimer timer) => _timers.Contains(timer);

    public void Start(PoolTimer timer, TimeSpan after, bool repeats = false)
    {
        _timers.Add(timer);
        Put(new PoolOutputs.StartTimer(timer, after, repeats));
    }

    public void Cancel(PoolTimer timer)
    {
        if (_timers.Remove(timer))
            Put(new PoolOutputs.CancelTimer(timer));
    }

    public void OnDue(PoolTimer timer)
    {
        if (timer != PoolTimer.Status)
            _timers.Remove(timer);
    }

    /// <summary>Starts a job on the whole pool; these jobs run one after the other.</summary>
    public void Give(Job job) => Put(new PoolOutputs.Work(Worker: null, job));

    /// <summary>Starts a job on a device; the jobs of one device run one after the other.</summary>
    public void Give(ThinId worker, Job job)
    {
        _jobs[worker] = _jobs.GetValueOrDefault(worker) + 1;
        Put(new PoolOutputs.Work(worker, job));
    }

    public void OnWorked(ThinId worker)
    {
        if (--_jobs[worker] == 0)
            _jobs.Remove(worker);
    }

    public void Reply(Caller to, PoolReply reply) => Put(new PoolOutputs.Reply(to, reply));

    public DeviceRecord? DeviceOrNull(ThinId? id) => id is { } known ? State.Devices.GetValueOrDefault(known) : null;

    public RequestId FreshRequest() => new(scene.NewId());

    private void Apply(PoolEvent happened)
    {
        if (PoolDecider.FreedBy(State, happened) is { } freed)
            Freed.Add(freed);
        State = State.Apply(happened);
    }
}

/// <summary>A part of a pool's machine.</summary>
internal abstract class PoolPart(PoolMachine machine)
{
    protected PoolMachine Machine => machine;

    protected PoolCore Core => machine.Core;

    protected PoolState State => machine.Core.State;

    protected PoolHealth? Health => machine.Core.Health;

    protected PoolPhase Phase => machine.Core.Phase;

    protected PoolContext Pool => machine.Core.Pool;

    protected PoolSettings Settings => machine.Core.Scene.Settings;

    protected string Name => machine.Core.Scene.Name.Value;

    protected DateTimeOffset Now => machine.Core.Now;
}
