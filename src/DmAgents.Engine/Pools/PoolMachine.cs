using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>
/// Owns one pool: its state, its ledger of thin ids, and the order of all changes to it. It decides at once on its
/// state; effects and replies wait until the decision's events are durable. Decisions that arrive during a write share
/// the next write.
/// </summary>
/// <remarks>
/// Pure: a step depends on the earlier inputs, the given time, and the ids of <see cref="PoolScene.NewId"/>. The caller
/// carries out the outputs in their order, and answers each with its input. It may take any time, and may die at any
/// point: the next machine starts from what is durable. Not thread-safe.
/// </remarks>
public sealed class PoolMachine
{
    private List<(Caller From, PoolCommand Command)> _unstashed = [];

    public PoolMachine(PoolScene scene, DateTimeOffset now)
    {
        Core = new PoolCore(scene, now);
        Requests = new Requests(this);
        Changes = new Changes(this);
        Creations = new Creations(this);
        Confirmations = new Confirmations(this);
        Problems = new Problems(this);
        Purges = new Purges(this);
        Deletions = new Deletions(this);
        Unneeded = new UnneededLayers(this);
        Trim = new Trim(this);
        Stock = new StockKeeping(this);
        Growth = new Growth(this);
        Care = new Care(this);
        Checkpoints = new Checkpoints(this);
        Opening = new Opening(this);
        Return = new Return(this);
        Exclusive = new Exclusive(this);
    }

    /// <summary>The decided state: it is ahead of the durable state by the writes under way.</summary>
    public PoolState State => Core.State;

    public PoolHealth? Health => Core.Health;

    public PoolPhase Phase => Core.Phase;

    /// <summary>Why the pool is in its phase, for people.</summary>
    public string Reason => Phase == PoolPhase.Open ? Opening.ReasonOfFormats : Core.Reason;

    public DateTimeOffset Since => Core.Since;

    /// <summary>Removals whose blocks are not yet returned.</summary>
    public ImmutableSortedDictionary<ThinId, PendingDeletion> PendingDeletions => Deletions.Pending;

    /// <summary>Devices whose live state differs from their record, with the reason.</summary>
    public ImmutableSortedDictionary<ThinId, string> DeviceProblems => Problems.All;

    /// <summary>How many snapshots from the stock were claimed since the start.</summary>
    public long StockClaims => Stock.Claims;

    /// <summary>When the next scheduled trim round starts; null: never.</summary>
    public DateTimeOffset? NextTrim => Trim.NextAt;

    public bool IsTrimming => Trim.IsUnderWay;

    /// <summary>The last opening failed because the pool's own metadata are unusable.</summary>
    public bool MetadataAreDamaged => Opening.MetadataAreDamaged;

    /// <summary>For people: the pool's sectors are larger than when it was made; null if they are not.</summary>
    public string? Sectors => Opening.Sectors;

    /// <summary>File systems that the kernel does not support.</summary>
    public ImmutableArray<FormatConcern> Formats => Opening.Formats;

    /// <summary>Requests are under way, or may be.</summary>
    private bool IsServing => Phase is PoolPhase.Open or PoolPhase.Stopping;

    internal PoolCore Core { get; }

    internal Requests Requests { get; }

    internal Changes Changes { get; }

    internal Creations Creations { get; }

    internal Confirmations Confirmations { get; }

    internal Problems Problems { get; }

    internal Purges Purges { get; }

    internal Deletions Deletions { get; }

    internal UnneededLayers Unneeded { get; }

    internal Trim Trim { get; }

    internal StockKeeping Stock { get; }

    internal Growth Growth { get; }

    internal Care Care { get; }

    internal Checkpoints Checkpoints { get; }

    internal Opening Opening { get; }

    internal Return Return { get; }

    internal Exclusive Exclusive { get; }

    /// <summary>The command that reports what a repair of the pool's metadata would do.</summary>
    public static string RepairOf(PoolName pool) => $"dmagent pool repair-metadata {pool}";

    /// <summary>Before the first step: restores the journal's snapshot.</summary>
    public void Restore(PoolState state) => Core.Restore(state);

    /// <summary>Before the first step: replays the journal's next event.</summary>
    public void Replay(PoolEvent happened) => Core.Replay(happened);

    /// <summary>Processes one input.</summary>
    /// <param name="now">The time; never before that of the previous step.</param>
    /// <returns>The outputs, to be carried out in this order.</returns>
    public IReadOnlyList<PoolOutput> Step(PoolInput input, DateTimeOffset now)
    {
        Core.Begin(now);
        Take(input);
        while (_unstashed.Count > 0)
        {
            var unstashed = _unstashed;
            _unstashed = [];
            foreach (var (from, command) in unstashed)
                Ask(command, from);
        }
        Unneeded.Remove();
        Exclusive.RetireWhenQuiet();
        return Core.TakeOutputs();
    }

    /// <summary>The journal failed, and with it this machine: the replies to all waiting callers, one each.</summary>
    /// <param name="answer">The reply to a request whose outcome is unknown.</param>
    public IReadOnlyList<PoolOutputs.Reply> LastWords(Func<RequestId, PoolReply> answer)
    {
        var trimmers = Trim.Waiting.Select(waiting => (waiting.From, waiting.Command.Request)).ToList();
        Trim.ForgetWaiting();
        return
        [
            .. Requests.TakeAll().Concat(Exclusive.TakeWaiting()).Concat(Return.TakeWaiting()).Concat(trimmers)
                .Concat(Opening.TakeFounder())
                .Select(waiting => new PoolOutputs.Reply(waiting.Item1, answer(waiting.Item2))),
        ];
    }

    /// <summary>Takes the requests that waited for the opening, at the end of the step.</summary>
    internal void Unstash() => _unstashed.AddRange(Requests.TakeStashed());

    private void Take(PoolInput input)
    {
        switch (input)
        {
            case PoolInputs.Asked asked:
                Ask(asked.Command, asked.From);
                break;
            case PoolInputs.Worked worked:
                OnWorked(worked);
                break;
            case PoolInputs.Durable durable:
                Core.OnDurable(durable.Events, Checkpoints.StoreIfDue);
                break;
            case PoolInputs.Due due:
                Core.OnDue(due.Timer);
                OnDue(due.Timer);
                break;
            case PoolInputs.LookAtStatus:
                Care.LookAtStatus();
                break;
            case PoolInputs.Replayed:
                Opening.OnReplayed();
                break;
            case PoolInputs.EndIfNeverMade when Phase == PoolPhase.Opening && State.Identity is null:
                Exclusive.ReportEnd("its creation was interrupted");
                break;
            case PoolInputs.EndIfNeverMade:
                break;
            case PoolInputs.Stop when IsServing:
                Exclusive.BeginStop();
                break;
            case PoolInputs.FilesFinished when Phase == PoolPhase.Stopping:
            case PoolInputs.Stop:
                Core.Put(PoolOutputs.Stop.Instance);
                break;
            case PoolInputs.FilesFinished:
                break;
            case PoolInputs.FilesStopped:
                Exclusive.OnFilesStopped();
                break;
            default:
                throw new InvalidOperationException($"a pool does not know the input {input.GetType().Name}");
        }
    }

    private void Ask(PoolCommand command, Caller from)
    {
        if (Exclusive.HasEnded)
            Core.Reply(from, new PoolReplies.Refused(command.Request, new Refusal(
                RefusalKind.Busy, "cannot take the request", Core.Scene.Name.Value, "the pool is being forgotten",
                "try again in a moment")));
        else if (Phase == PoolPhase.Opening)
            AskOpening(command, from);
        else if (IsServing)
            AskOpen(command, from);
        else
            AskClosed(command, from);
    }

    private void AskOpening(PoolCommand command, Caller from)
    {
        switch (command)
        {
            case PoolCommands.Initialize or PoolCommands.TakeOver when State.Identity is null:
                Opening.Found(command, from);
                break;
            case PoolCommands.Adopt adopt when State.Identity is null:
                Exclusive.On(adopt, from);
                break;
            case PoolCommands.RepairMetadata repair when Exclusive.Joins(repair, from):
                break;
            default:
                Requests.Stash(command, from);
                break;
        }
    }

    private void AskOpen(PoolCommand command, Caller from)
    {
        switch (command)
        {
            case PoolCommands.Retire retire:
                Exclusive.On(retire, from);
                break;
            case PoolCommands.DiscardMetadata discard:
                Exclusive.On(discard, from);
                break;
            case PoolCommands.Return back:
                Return.On(back, from);
                break;
            default:
                if (!AskInAnyPhase(command, from))
                    Changes.On(command, from);
                break;
        }
    }

    private void AskClosed(PoolCommand command, Caller from)
    {
        if (command is PoolCommands.Retire { Force: true } retire && Phase == PoolPhase.Unavailable)
            Exclusive.On(retire, from);
        else if (!AskInAnyPhase(command, from))
            Core.Reply(from, new PoolReplies.Refused(command.Request, Opening.Closed()));
    }

    /// <summary>Handles commands that themselves decide whether the pool must be open.</summary>
    /// <returns>False for any other command.</returns>
    private bool AskInAnyPhase(PoolCommand command, Caller from)
    {
        switch (command)
        {
            case PoolCommands.Adopt adopt:
                Exclusive.On(adopt, from);
                return true;
            case PoolCommands.Repair repair:
                Exclusive.On(repair, from);
                return true;
            case PoolCommands.RepairMetadata repair:
                Exclusive.On(repair, from);
                return true;
            case PoolCommands.Trim trim:
                Trim.On(trim, from);
                return true;
            default:
                return false;
        }
    }

    private void OnDue(PoolTimer timer)
    {
        switch (timer)
        {
            // If the waiting removal is refused, it opens the pool again.
            case PoolTimer.Open when Exclusive.RemovalIsHeld:
                Core.Start(PoolTimer.Open, Core.Scene.Settings.RetryInterval);
                break;
            case PoolTimer.Open when Phase is PoolPhase.Unavailable or PoolPhase.WrongPool:
                Opening.Begin();
                break;
            case PoolTimer.Open:
                break;
            case PoolTimer.Files:
                if (Phase == PoolPhase.Open)
                    Core.Put(new PoolOutputs.RebuildFiles(State));
                break;
            case PoolTimer.Status or PoolTimer.StatusSoon or PoolTimer.Extension:
                Care.LookAtStatus();
                break;
            case PoolTimer.Retry:
                Problems.Retry();
                break;
            case PoolTimer.Outcome:
                Core.Record([], () => { });
                break;
            case PoolTimer.Stop:
                Exclusive.GiveUpStopping();
                break;
            case PoolTimer.Full:
                Care.EndWaitOfWriters();
                break;
            case PoolTimer.Deletion:
                Deletions.Next();
                break;
            case PoolTimer.Piece:
                Deletions.DiscardNext();
                break;
            case PoolTimer.Trim:
                Trim.Next();
                break;
            case PoolTimer.Stock:
                Stock.Keep();
                break;
            default:
                throw new InvalidOperationException($"a pool does not know the timer {timer}");
        }
    }

    private void OnWorked(PoolInputs.Worked worked)
    {
        if (worked.Worker is { } answered)
            Core.OnWorked(answered);
        worked.Result.Reach(this);
        // Keep a worker while it has a job, or its device is in use.
        if (worked.Worker is { } id && !Core.IsAtWork(id) && Core.DeviceOrNull(id) is not { Use: not DeviceUse.Idle })
            Core.Put(new PoolOutputs.Release(id));
    }

    internal void On(DeviceResults.Created result)
    {
        if (Phase == PoolPhase.Opening)
        {
            Opening.On(result);
            return;
        }
        if (!IsServing)
            return;
        Creations.OnCreated(result);
        foreach (var operation in Requests.TakeHeldBack(result.Id))
            Changes.Take(operation.Command, operation.Waiting);
    }

    internal void On(DeviceResults.Settled result)
    {
        if (Phase == PoolPhase.Opening)
            Opening.On(result);
        else if (IsServing)
            Changes.OnSettled(result);
    }

    internal void On(DeviceResults.Grown result)
    {
        if (Phase == PoolPhase.Opening)
            Opening.On(result);
        else if (IsServing)
            Changes.OnGrown(result);
    }

    internal void On(DeviceResults.Confirmed result)
    {
        if (IsServing)
            Confirmations.On(result);
    }

    internal void On(DeviceResults.Sealed result)
    {
        if (IsServing)
            Changes.OnSealed(result);
    }
}
