using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>Returns a pool to the program it was taken over from: deactivates its devices, deletes what the agent made,
/// and releases the pool. Once intended, every start continues it.</summary>
internal sealed class Return(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>The callers that wait for its end; none after a restart.</summary>
    private readonly List<(Caller From, PoolCommand Command)> _waiting = [];

    private readonly LoggedReason _whyKept = new();

    private bool IsRetry => Phase == PoolPhase.Unavailable;

    public void On(PoolCommands.Return command, Caller from)
    {
        // It is under way: another caller waits for the same end.
        if (_waiting.Count > 0 || State.Takeover is { Phase: TakeoverPhase.Returning or TakeoverPhase.Returned })
        {
            _waiting.Add((from, command));
            return;
        }
        var decided = PoolDecider.Decide(State, Health, command);
        if (decided is not Decision.Accepted)
        {
            Machine.Changes.AnswerAtOnce(command, from, decided);
            return;
        }
        if (Machine.Exclusive.UnderWay is not null || Machine.Exclusive.IsWorkedIn)
        {
            Core.Reply(from, new PoolReplies.Refused(command.Request, new Refusal(
                RefusalKind.Busy, "cannot undo adoption", Name,
                Machine.Exclusive.UnderWay ?? "an import or a commit is under way", "try again in a moment")));
            return;
        }
        _waiting.Add((from, command));
        Machine.Exclusive.BeginEnd($"it is being given back to {State.Takeover!.Program}");
        Core.Give(new EndingJobs.MakeIdle(Pool, [.. State.Devices.Values]));
    }

    public void On(PoolResults.MadeIdle result)
    {
        if (_waiting is not [var first, ..])
            return;
        if (result.Outcome.Error is not { } error)
        {
            Core.Record([new PoolEvents.ReturnIntended(first.Command.Request, Now)], GiveBack);
            return;
        }
        // Nothing was changed: the comparison activates devices that are already idle again.
        Refuse(Machine.Exclusive.Failed("cannot undo adoption", error, "end what uses it, then try again"));
        Machine.Exclusive.ReopenOrStop();
    }

    /// <summary>Runs at every opening while the pool is being returned.</summary>
    public bool Continues()
    {
        switch (State.Takeover?.Phase)
        {
            case TakeoverPhase.Returning:
                GiveBack();
                return true;
            case TakeoverPhase.Returned:
                LetGo();
                return true;
            default:
                return false;
        }
    }

    private void GiveBack()
    {
        Machine.Exclusive.BeginEnd($"it is being given back to {State.Takeover!.Program}", IsRetry);
        Core.Give(new EndingJobs.GiveBack(Pool, State));
    }

    public void On(PoolResults.GivenBack result)
    {
        if (result.Outcome.Error is { } error)
            Fail(error);
        else
            Core.Record([new PoolEvents.Returned(Now)], LetGo);
    }

    private void LetGo()
    {
        Machine.Exclusive.BeginEnd($"it was given back to {State.Takeover!.Program}", IsRetry);
        Machine.Exclusive.AfterFiles(new EndingJobs.LetGo(Pool, [.. State.Devices.Values]));
    }

    public void On(PoolResults.LetGone result)
    {
        if (result.Outcome.Error is { } error)
        {
            Fail(error);
            return;
        }
        Machine.Exclusive.ReportEnd($"it was given back to {State.Takeover!.Program}");
        foreach (var (to, command) in _waiting)
            Core.Reply(to, PoolSuccess.Of(command, alreadySo: false));
        Core.Put(PoolOutputs.Stop.Instance);
    }

    /// <summary>The intent remains: a timer retries it, and so does the next start.</summary>
    private void Fail(KernelError error)
    {
        if (_whyKept.Add(error.ToString()))
            Core.Say(PoolLog.ReturnFailed(Core.Scene.Name, error));
        Refuse(Machine.Exclusive.Failed(
            "cannot undo adoption yet", error, "correct what is named; it is tried again every few seconds"));
        if (Machine.Exclusive.IsToStop)
        {
            Core.Put(PoolOutputs.Stop.Instance);
            return;
        }
        Core.Enter(PoolPhase.Unavailable, error.ToString());
        Machine.Unstash();
        Core.Start(PoolTimer.Open, Settings.RetryInterval);
    }

    private void Refuse(Refusal refusal)
    {
        foreach (var (to, command) in _waiting)
            Core.Reply(to, new PoolReplies.Refused(command.Request, refusal));
        _waiting.Clear();
    }

    public IEnumerable<(Caller From, RequestId Request)> TakeWaiting()
    {
        (Caller, RequestId)[] all = [.. _waiting.Select(waiting => (waiting.From, waiting.Command.Request))];
        _waiting.Clear();
        return all;
    }
}
