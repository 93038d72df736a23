using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using DmAgents.Actors.Devices;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Pools;

/// <summary>Trimming of mounted file systems: on a schedule, sooner where the pool is below its marks, and on request.
/// </summary>
public sealed partial class PoolActor
{
    private const string TrimTimer = "trim";

    /// <summary>Before a device that something else happens to is asked for again.</summary>
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(200);

    /// <summary>A device that is busy all the time is left to the next round.</summary>
    private const int BusyTries = 10;

    private TrimRound? _round;
    private bool _isTrimming;
    private int _busyTries;

    /// <summary>Whoever waits for the round's end.</summary>
    private ImmutableList<(IActorRef To, PoolCommand Command)> _trimmers = [];

    /// <summary>When a round ended that found nothing to trim: not worth a place in the journal.</summary>
    private DateTimeOffset? _emptyRound;

    private DateTimeOffset? NextTrimAt => _state.Identity is { } identity
        ? _setup.Settings.Trim.Due(_emptyRound ?? _state.LastTrim?.At ?? identity.CreatedAt, IsHastened)
        : null;

    /// <summary>Nobody waits for it, and the pool can wait.</summary>
    private bool HasTimeToTrim => _trimmers.IsEmpty && !IsHastened;

    private void TrimWhereDue()
    {
        if (_round is null && NextTrimAt is { } due && due <= Now)
            BeginTrim();
        else if (_round is not null && IsHastened && Timers.IsTimerActive(TrimTimer))
            HastenTrim();
    }

    private void OnTrim(PoolCommands.Trim trim)
    {
        if (_phase != PoolPhase.Open)
        {
            Answer(Sender, new PoolReplies.Refused(trim.Request, NotTrimmed()));
            return;
        }
        if (PoolDecider.Decide(_state, _health, trim) is not Decision.Accepted and var decided)
        {
            AnswerAtOnce(trim, decided);
            return;
        }
        _trimmers = _trimmers.Add((Sender, trim));
        if (_round is null)
            BeginTrim();
        else
            HastenTrim();
    }

    private void BeginTrim()
    {
        _round = TrimRound.Over(_state);
        _busyTries = 0;
        Show();
        TrimNext();
    }

    private void HastenTrim()
    {
        Timers.Cancel(TrimTimer);
        TrimNext();
    }

    private void TrimNext()
    {
        if (_round is null || _isTrimming || Timers.IsTimerActive(TrimTimer))
            return;
        if (_phase != PoolPhase.Open || _heldRetire is not null || _health is { CanChange: false })
        {
            EndTrim();
            return;
        }
        while (!_round.IsDone)
        {
            var id = _round.Waiting[0];
            if (_state.Devices.GetValueOrDefault(id) is not { } device || !TrimRound.IsCandidate(device))
            {
                _round = _round.Passed();
                continue;
            }
            // Before a snapshot it may be suspended, before a removal unmounted: whoever does that goes first.
            if (!_devices.IsAtWork(id))
            {
                _isTrimming = true;
                _devices.Give(id, new DeviceJobs.Trim(Pool, device, _round.Start, _round.PieceOf(device)));
                return;
            }
            if (++_busyTries < BusyTries)
            {
                Timers.StartSingleTimer(TrimTimer, NextTrim.Instance, BusyPause);
                return;
            }
            PassBusy();
        }
        EndTrim();
    }

    private void OnTrimmed(DeviceResults.Trimmed result)
    {
        _isTrimming = false;
        if (_round is { IsDone: false } round && round.Waiting[0] == result.Id)
        {
            if (_state.Devices.GetValueOrDefault(result.Id) is { } device && result.Outcome.Succeeded)
            {
                _busyTries = 0;
                _round = round.After(device, result.Outcome.Value, result.Took);
                var pause = _setup.Settings.Trim.PauseAfter(
                    result.Took, result.Outcome.Value.HandedDown, _setup.Settings.Background);
                if (HasTimeToTrim && !_round.IsDone)
                    Timers.StartSingleTimer(TrimTimer, NextTrim.Instance, pause);
            }
            else if (result.Outcome.FailedWith(KernelFault.Busy) && ++_busyTries < BusyTries)
            {
                Timers.StartSingleTimer(TrimTimer, NextTrim.Instance, BusyPause);
            }
            else
            {
                if (result.Outcome.Error is { Fault: not (KernelFault.NotFound or KernelFault.NotSupported) } error)
                    _log.Warning("pool {0}: device {1} is not trimmed: {2}", _setup.Name, result.Id, error);
                PassBusy();
            }
        }
        TrimNext();
        StopWhenDone();
        RetireWhenQuiet();
    }

    private void PassBusy()
    {
        _busyTries = 0;
        _round = _round!.Passed();
    }

    /// <summary>The round is over, or is given up because the pool cannot be trimmed now.</summary>
    private void EndTrim()
    {
        var round = _round!;
        var trimmers = _trimmers;
        (_round, _trimmers) = (null, []);
        if (_phase != PoolPhase.Open || !round.IsDone)
        {
            foreach (var (to, command) in trimmers)
                Answer(to, new PoolReplies.Refused(command.Request, NotTrimmed()));
            Show();
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
        Record(happened, () =>
        {
            Show();
            foreach (var (to, command) in trimmers)
                Answer(to, new PoolReplies.Trimmed(command.Request, [.. round.Done], AlreadySo: false));
        });
        if (round.GivenBack > ByteSize.Zero && _health is not { Condition: PoolCondition.Writable })
            LookAtStatus();
    }

    private Refusal NotTrimmed() => new(
        RefusalKind.WrongState, "cannot trim pool", _setup.Name.Value,
        _phase != PoolPhase.Open ? $"it is {_phase.ToString().ToLowerInvariant()}"
            : _heldRetire is not null ? "it is being removed"
            : _state.Condition.Why,
        $"see: dmagent pool show {_setup.Name}");

    private sealed record NextTrim : ILocalMessage
    {
        public static NextTrim Instance { get; } = new();
    }
}
