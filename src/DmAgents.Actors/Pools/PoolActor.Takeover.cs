using Akka.Actor;
using Akka.Event;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>A pool that was another program's is given back: its devices go idle, what the agent made is deleted, and
/// the agent lets go. From the intent on every start goes on with it.</summary>
public sealed partial class PoolActor
{
    /// <summary>Whoever asked for it, and waits; nobody after a restart.</summary>
    private readonly List<(IActorRef To, PoolCommand Command)> _returners = [];

    private void OnReturn(PoolCommands.Return command)
    {
        // It is under way: whoever asks again waits for the same end.
        if (_returners.Count > 0 || _state.Takeover is { Phase: TakeoverPhase.Returning or TakeoverPhase.Returned })
        {
            _returners.Add((Sender, command));
            return;
        }
        var decided = PoolDecider.Decide(_state, _health, command);
        if (decided is not Decision.Accepted)
        {
            AnswerAtOnce(command, decided);
            return;
        }
        if (IsAtWork || IsWorkedIn)
        {
            Answer(Sender, new PoolReplies.Refused(command.Request, AtWork("cannot undo adoption")));
            return;
        }
        _returners.Add((Sender, command));
        Enter(PoolPhase.Stopping, $"it is being given back to {_state.Takeover!.Program}");
        Timers.Cancel(StatusTimer);
        _isDeaf = true;
        _lane.Tell(new LaneJobs.MakeIdle(Pool, [.. _state.Devices.Values]));
    }

    private void OnMadeIdle(KernelResult result)
    {
        if (_returners is not [var returner, ..])
            return;
        if (result.Error is not { } error)
        {
            Record([new PoolEvents.ReturnIntended(returner.Command.Request, Now)], GiveBack);
            return;
        }
        // Nothing was changed: what has gone already comes back with the comparison.
        _isDeaf = false;
        RefuseReturn(new Refusal(
            error.Fault == KernelFault.Busy ? RefusalKind.Busy : RefusalKind.Failed,
            "cannot undo adoption", _setup.Name.Value, error.ToString(), "end what uses it, then try again"));
        if (_isToStop)
            Context.Stop(Self);
        else
            Open();
    }

    /// <summary>At every start as long as the pool is on its way back.</summary>
    private bool GoesBack()
    {
        switch (_state.Takeover?.Phase)
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
        Enter(PoolPhase.Stopping, $"it is being given back to {_state.Takeover!.Program}");
        _isDeaf = true;
        _lane.Tell(new LaneJobs.GiveBack(Pool, _state));
    }

    private void OnGivenBack(KernelResult result)
    {
        if (result.Error is { } error)
            FailReturn(error);
        else
            Record([new PoolEvents.Returned(Now)], LetGo);
    }

    private void LetGo()
    {
        Enter(PoolPhase.Stopping, $"it was given back to {_state.Takeover!.Program}");
        _isDeaf = true;
        GiveLaneWhenFilesRest(new LaneJobs.LetGo(Pool, [.. _state.Devices.Values]));
    }

    private void OnLetGone(KernelResult result)
    {
        if (result.Error is { } error)
        {
            FailReturn(error);
            return;
        }
        ReportEnd($"it was given back to {_state.Takeover!.Program}");
        foreach (var (to, command) in _returners)
            Answer(to, PoolSuccess.Of(command, alreadySo: false));
        Context.Stop(Self);
    }

    /// <summary>The intent stays: it is gone on with by timer, and by the next start.</summary>
    private void FailReturn(KernelError error)
    {
        _log.Warning("pool {0} could not be given back yet: {1}", _setup.Name, error);
        RefuseReturn(new Refusal(
            error.Fault == KernelFault.Busy ? RefusalKind.Busy : RefusalKind.Failed,
            "cannot undo adoption yet", _setup.Name.Value, error.ToString(),
            "correct what is named; it is tried again every few seconds"));
        if (_isToStop)
        {
            Context.Stop(Self);
            return;
        }
        Enter(PoolPhase.Unavailable, error.ToString());
        UnstashAll();
        Timers.StartSingleTimer(OpenTimer, OpenAgain.Instance, _setup.Settings.RetryInterval);
    }

    private void RefuseReturn(Refusal refusal)
    {
        foreach (var (to, command) in _returners)
            Answer(to, new PoolReplies.Refused(command.Request, refusal));
        _returners.Clear();
    }
}
