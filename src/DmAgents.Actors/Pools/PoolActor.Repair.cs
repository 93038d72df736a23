using Akka.Actor;
using Akka.Event;
using DmAgents.Actors.Devices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>Comparisons with the kernel on demand: of the whole pool, as at every start, and of one device before it
/// is called "already so".</summary>
public sealed partial class PoolActor
{
    /// <summary>Whoever waits for the comparison under way.</summary>
    private readonly List<(IActorRef To, PoolCommand Command)> _repairers = [];

    /// <summary>What was found where the pool is not the journal's.</summary>
    private LaneResults.Mismatched? _mismatch;

    private void OnRepair(PoolCommands.Repair repair)
    {
        if (RefusalOfRepair(repair) is { } refusal)
        {
            Answer(Sender, new PoolReplies.Refused(repair.Request, refusal));
            return;
        }
        // Of a pool that is the journal's there is nothing to accept.
        var decided = PoolDecider.Decide(
            _state, _health, _phase == PoolPhase.WrongPool ? repair : repair with { Accept = null });
        if (decided is not Decision.Accepted accepted)
        {
            AnswerAtOnce(repair, decided);
            return;
        }
        _repairers.Add((Sender, repair));
        Timers.Cancel(OpenTimer);
        if (_phase == PoolPhase.WrongPool)
            Enter(PoolPhase.Opening, $"its transaction id {repair.Accept} is accepted on request");
        Record(accepted.Events, () => Open(isAsked: true));
    }

    /// <summary>Something has no outcome in the journal yet: compared with it, it would look like something left
    /// behind.
    /// </summary>
    private bool IsAtWork => _operations.Count > 0 || _devices.AreAtWork || _purges.Count > 0
        || _afterCheckpoint is not null || _isPlanningExtension || _isDiscardingMetadata;

    /// <summary>What would be taken from under an import, or from a container that is made an image.</summary>
    private bool IsWorkedIn => !_setup.Board.Work.Of(_setup.Name).IsEmpty;

    private Refusal? RefusalOfRepair(PoolCommands.Repair repair)
    {
        const string What = "cannot repair pool";
        var name = _setup.Name.Value;
        if (_phase == PoolPhase.Stopping || (_phase == PoolPhase.Open && IsAtWork))
        {
            return new Refusal(RefusalKind.Busy, What, name,
                _phase == PoolPhase.Stopping ? _reason : "operations are under way", "try again in a moment");
        }
        if (_phase == PoolPhase.WrongPool && repair.Accept != _mismatch!.Found)
        {
            return new Refusal(RefusalKind.WrongState, What, name, _reason,
                "where you know that they belong together, say so: dmagent pool check "
                + $"{name} --repair --accept-transaction-id {_mismatch.Found}");
        }
        return null;
    }

    /// <summary>
    /// The journal says that it is so already. What it says of the kernel is asked of the kernel before it is answered:
    /// what was taken away by hand, or went with an error, is brought back, or refused with what is so.
    /// </summary>
    private void Confirm(RequestId request)
    {
        if (!_operations.TryGetValue(request, out var operation))
            return;
        var device = DeviceOrNull(operation.Subject);
        switch (operation.Command)
        {
            case PoolCommands.Initialize or PoolCommands.TakeOver or PoolCommands.Grow:
                _lane.Tell(new LaneJobs.Confirm(Pool, request));
                break;
            case PoolCommands.SetUse or PoolCommands.Resize or PoolCommands.CreateSnapshot
                when device is null or { Phase: DevicePhase.Removing }:
                Fail(request, RemovedSince(operation.Command));
                break;
            case PoolCommands.SetUse use when device?.Use != use.Use || device.Phase != DevicePhase.Ready:
                Fail(request, ChangedSince(use));
                break;
            case PoolCommands.SetUse or PoolCommands.Confirm or PoolCommands.Resize or PoolCommands.CreateSnapshot
                or PoolCommands.CreateView when device is { Phase: DevicePhase.Ready }:
                var detach = operation.Command is PoolCommands.SetUse { Detach: true };
                _devices.Give(device.Id, new DeviceJobs.Confirm(Pool, device, request, detach));
                break;
            default:
                Succeed(request);
                break;
        }
    }

    /// <summary>A request that was done is asked again, and its device is not there any more. Another of the same name
    /// is not what it was about.</summary>
    private static Refusal RemovedSince(PoolCommand command)
    {
        var (what, key) = command switch
        {
            PoolCommands.SetUse { Use: DeviceUse.Idle } c => ("cannot unmount", c.Key),
            PoolCommands.SetUse { Use: DeviceUse.Active } c => ("cannot activate", c.Key),
            PoolCommands.SetUse c => ("cannot mount", c.Key),
            PoolCommands.Resize c => ("cannot resize", c.Key),
            PoolCommands.CreateSnapshot c => ($"cannot create {c.Key.Space}", c.Key),
            _ => throw new InvalidOperationException("a command that is about no device"),
        };
        return new Refusal(
            RefusalKind.NotFound, what, key.Name,
            "this request was done before, and what it was about was removed since", "ask again, as a new request");
    }

    private static Refusal ChangedSince(PoolCommands.SetUse use) => new(
        RefusalKind.WrongState, use.Use == DeviceUse.Idle ? "cannot unmount" : "cannot mount", use.Key.Name,
        "this request was done before, and another has changed it since", "ask again, as a new request");

    private void OnConfirmed(DeviceResults.Confirmed result)
    {
        Note(result.Id, result.WasSo.Outcome, result.Holders);
        if (!_operations.TryGetValue(result.Request, out var operation))
            return;
        if (result.WasSo.Error is { } error)
        {
            NotConfirmed(result, operation, error);
            return;
        }
        if (!result.WasSo.Value)
        {
            _log.Warning(
                "pool {0}: device {1} was not as its record says, and is again", _setup.Name, result.Id);
            _operations[result.Request] = operation with { AlreadySo = false };
        }
        Succeed(result.Request);
    }

    private void NotConfirmed(DeviceResults.Confirmed result, Operation operation, KernelError error)
    {
        var device = _state.Devices[result.Id];
        var what = operation.Command switch
        {
            PoolCommands.SetUse { Use: DeviceUse.Idle } => "cannot unmount",
            PoolCommands.SetUse { Use: DeviceUse.Mounted } => "cannot mount",
            _ => "cannot use",
        };
        var refusal = RefusalOf(what, device, error, result.Holders);
        // A snapshot of the stock that was just given away: it goes, as one that cannot be made live after its making.
        if (!operation.AlreadySo && device.Phase != DevicePhase.Removing)
        {
            var removal = new PoolEvents.RemovalIntended(Request: null, device.Id, Now);
            Record(TakenBack(result.Request, removal), () =>
            {
                Enqueue(device.Id);
                Fail(result.Request, refusal);
            });
            return;
        }
        Fail(result.Request, refusal);
    }

    private void OnPoolConfirmed(LaneResults.Confirmed result)
    {
        if (result.Outcome.Error is not { } error)
        {
            Succeed(result.Request);
            return;
        }
        Self.Tell(ReadStatus.Instance);
        Fail(result.Request, new Refusal(
            RefusalKind.Failed, "cannot use pool", _setup.Name.Value, error.ToString(),
            $"compare: dmagent pool check {_setup.Name}"));
    }

    private void AnswerRepairers()
    {
        foreach (var (to, command) in _repairers)
        {
            Answer(to, _phase == PoolPhase.Open
                ? PoolSuccess.Of(command, alreadySo: false)
                : new PoolReplies.Refused(command.Request, Closed()));
        }
        _repairers.Clear();
    }

    /// <summary>The answer to a command of which nothing is to be done.</summary>
    private void AnswerAtOnce(PoolCommand command, Decision decision) => Answer(Sender, decision switch
    {
        Decision.AlreadySo => PoolSuccess.Of(command, alreadySo: true),
        Decision.Refused refused => new PoolReplies.Refused(command.Request, refused.Refusal),
        _ => throw new InvalidOperationException("a decision of which something is to be done"),
    });
}
