using System.Collections.Immutable;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>Trims mounted file systems: on a schedule, sooner if the pool is below its marks, and on request.</summary>
internal sealed class Trim(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>The delay before a busy device is tried again.</summary>
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(200);

    /// <summary>A device that stays busy is left to the next round.</summary>
    private const int BusyTries = 10;

    private TrimRound? _round;
    private int _busyTries;

    /// <summary>When a round ended that found nothing to trim, which is not worth journaling.</summary>
    private DateTimeOffset? _emptyRound;

    /// <summary>A piece is running on a device.</summary>
    public bool IsAtWork { get; private set; }

    public bool IsUnderWay => _round is not null;

    /// <summary>The callers that wait for the round's end.</summary>
    public ImmutableList<(Caller From, PoolCommand Command)> Waiting { get; private set; } = [];

    public DateTimeOffset? NextAt => State.Identity is { } identity
        ? Settings.Trim.Due(_emptyRound ?? State.LastTrim?.At ?? identity.CreatedAt, Machine.Care.IsHastened)
        : null;

    /// <summary>No caller waits for the round, and the pool is not short of blocks.</summary>
    private bool HasTime => Waiting.IsEmpty && !Machine.Care.IsHastened;

    public void ForgetWaiting() => Waiting = [];

    public void BeginIfDue()
    {
        if (_round is null && NextAt is { } due && due <= Now)
            Begin();
        else if (_round is not null && Machine.Care.IsHastened && Core.IsWaiting(PoolTimer.Trim))
            Hasten();
    }

    public void On(PoolCommands.Trim trim, Caller from)
    {
        if (Phase != PoolPhase.Open)
        {
            Core.Reply(from, new PoolReplies.Refused(trim.Request, NotTrimmed()));
            return;
        }
        if (PoolDecider.Decide(State, Health, trim) is not Decision.Accepted and var decided)
        {
            Machine.Changes.AnswerAtOnce(trim, from, decided);
            return;
        }
        Waiting = Waiting.Add((from, trim));
        if (_round is null)
            Begin();
        else
            Hasten();
    }

    private void Begin()
    {
        _round = TrimRound.Over(State);
        _busyTries = 0;
        Core.Show();
        Next();
    }

    private void Hasten()
    {
        Core.Cancel(PoolTimer.Trim);
        Next();
    }

    public void Next()
    {
        if (_round is null || IsAtWork || Core.IsWaiting(PoolTimer.Trim))
            return;
        if (Phase != PoolPhase.Open || Machine.Exclusive.RemovalIsHeld || Health is { CanChange: false })
        {
            End();
            return;
        }
        while (!_round.IsDone)
        {
            var id = _round.Waiting[0];
            if (Core.DeviceOrNull(id) is not { } device || !TrimRound.IsCandidate(device))
            {
                _round = _round.Passed();
                continue;
            }
            // It may be suspended for a snapshot or unmounted for a removal: these go first.
            if (!Core.IsAtWork(id))
            {
                IsAtWork = true;
                Core.Give(id, new DeviceJobs.Trim(Pool, device, _round.Start, _round.PieceOf(device)));
                return;
            }
            if (++_busyTries < BusyTries)
            {
                Core.Start(PoolTimer.Trim, BusyPause);
                return;
            }
            Pass();
        }
        End();
    }

    public void On(DeviceResults.Trimmed result)
    {
        IsAtWork = false;
        if (_round is { IsDone: false } round && round.Waiting[0] == result.Id)
            Note(round, result);
        Next();
        Machine.Exclusive.StopWhenDone();
    }

    private void Note(TrimRound round, DeviceResults.Trimmed result)
    {
        if (Core.DeviceOrNull(result.Id) is { } device && result.Outcome.Succeeded)
        {
            _busyTries = 0;
            _round = round.After(device, result.Outcome.Value, result.Took);
            var pause = Settings.Trim.PauseAfter(result.Took, result.Outcome.Value.HandedDown, Settings.Background);
            if (HasTime && !_round.IsDone)
                Core.Start(PoolTimer.Trim, pause);
            return;
        }
        if (result.Outcome.FailedWith(KernelFault.Busy) && ++_busyTries < BusyTries)
        {
            Core.Start(PoolTimer.Trim, BusyPause);
            return;
        }
        if (result.Outcome.Error is { Fault: not (KernelFault.NotFound or KernelFault.NotSupported) } error)
            Core.Say(PoolLog.TrimFailed(Core.Scene.Name, result.Id, error));
        Pass();
    }

    private void Pass()
    {
        _busyTries = 0;
        _round = _round!.Passed();
    }

    /// <summary>The round has ended, or the pool cannot be trimmed at this moment.</summary>
    private void End()
    {
        var (round, waiting) = (_round!, Waiting);
        (_round, Waiting) = (null, []);
        if (Phase != PoolPhase.Open || !round.IsDone)
        {
            foreach (var (to, command) in waiting)
                Core.Reply(to, new PoolReplies.Refused(command.Request, NotTrimmed()));
            Core.Show();
            return;
        }
        _emptyRound = round.Done.IsEmpty ? Now : null;
        ImmutableArray<PoolEvent> happened = round.Done.IsEmpty
            ? []
            :
            [
                new PoolEvents.Trimmed(round.Done.Count, round.HandedDown, round.GivenBack, Now)
                {
                    Unmapped = round.Unmapped,
                },
            ];
        Core.Record(happened, () =>
        {
            Core.Show();
            foreach (var (to, command) in waiting)
                Core.Reply(to, new PoolReplies.Trimmed(command.Request, [.. round.Done], AlreadySo: false));
        });
        if (round.GivenBack > ByteSize.Zero && Health is not { Condition: PoolCondition.Writable })
            Machine.Care.LookAtStatus();
    }

    private Refusal NotTrimmed() => new(
        RefusalKind.WrongState, "cannot trim pool", Name,
        Phase != PoolPhase.Open ? $"it is {Phase.ToString().ToLowerInvariant()}"
            : Machine.Exclusive.RemovalIsHeld ? Exclusive.Removing
            : State.Condition.Why,
        $"see: dmagent pool show {Name}");
}
