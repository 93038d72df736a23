using System.Collections.Immutable;
using Akka.Actor;
using DmAgents.Actors.Devices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>Commands: decided at once, durable next, done then, answered last.</summary>
public sealed partial class PoolActor
{
    private readonly Dictionary<RequestId, Operation> _operations = [];

    /// <summary>Requests to be decided when the outcome of a creation is known, by the device.</summary>
    private readonly Dictionary<ThinId, ImmutableArray<RequestId>> _heldBack = [];

    /// <summary>A request that is under way.</summary>
    /// <param name="Before">The device as it was, to go back to where the kernel refuses.</param>
    /// <param name="Backing">What the pool was made of before.</param>
    private sealed record Operation(
        PoolCommand Command, ThinId? Subject, DeviceRecord? Before, PoolBacking Backing,
        ImmutableArray<DeviceRecord> Removed, ImmutableArray<IActorRef> Waiting)
    {
        /// <summary>The pool's spare disks before.</summary>
        public ImmutableArray<DevicePath> Spares { get; init; } = [];

        /// <summary>The journal has it already; whether the kernel has is being found out.</summary>
        public bool AlreadySo { get; init; }
    }

    private void WhenOpen(object message)
    {
        switch (message)
        {
            case PoolCommands.Adopt adopt:
                OnAdopt(adopt);
                break;
            case PoolCommands.Retire retire:
                OnRetire(retire);
                break;
            case PoolCommands.Repair repair:
                OnRepair(repair);
                break;
            case PoolCommands.Trim trim:
                OnTrim(trim);
                break;
            case PoolCommands.MendMetadata mend:
                OnMend(mend);
                break;
            case PoolCommands.DiscardMetadata discard:
                OnDiscardMetadata(discard);
                break;
            case PoolCommands.Return back:
                OnReturn(back);
                break;
            case PoolCommand command:
                OnPoolCommand(command);
                break;
            case DeviceResults.Created created:
                OnCreated(created);
                TakeHeldBack(created.Id);
                break;
            case DeviceResults.Settled settled:
                OnSettled(settled);
                break;
            case DeviceResults.Confirmed confirmed:
                OnConfirmed(confirmed);
                break;
            case LaneResults.Confirmed confirmed:
                OnPoolConfirmed(confirmed);
                break;
            case DeviceResults.Grown grown:
                OnDeviceGrown(grown);
                break;
            case DeviceResults.Sealed answer:
                OnSealed(answer);
                break;
            case LaneResults.GrowthPrepared prepared:
                OnGrowthPrepared(prepared);
                break;
            case LaneResults.Grown grown:
                OnPoolGrown(grown);
                break;
            case LaneResults.MetadataDiscarded discarded:
                OnMetadataDiscarded(discarded);
                break;
            case LaneResults.Retired retired:
                OnRetired(retired);
                break;
            case PoolMessages.EndIfNeverMade:
                break;
            case PoolMessages.Stop:
                BeginStop();
                break;
            default:
                WhenAny(message);
                break;
        }
    }

    private void OnPoolCommand(PoolCommand command)
    {
        if (_operations.TryGetValue(command.Request, out var running))
        {
            _operations[command.Request] = running with { Waiting = running.Waiting.Add(Sender) };
            return;
        }
        if (Unready(command) is { } unready)
        {
            Answer(Sender, new PoolReplies.Refused(command.Request, unready));
            return;
        }
        // A layer is durable and closed for writing before the journal says that it is one.
        if (command is PoolCommands.Commit commit && _state.Find(commit.Key) is { Use: DeviceUse.Active } active
            && PoolDecider.Decide(_state, _health, commit) is Decision.Accepted)
        {
            _operations[command.Request] = new Operation(
                command, active.Id, active, Pool.Identity.Backing, [], [Sender]);
            _devices.Give(active.Id, new DeviceJobs.Seal(Pool, active, command.Request));
            return;
        }
        if (command is PoolCommands.Grow grow && PoolDecider.Decide(_state, _health, grow) is Decision.Accepted)
        {
            PrepareGrowth(grow, [Sender]);
            return;
        }
        Take(command, [Sender]);
    }

    private void Take(PoolCommand command, ImmutableArray<IActorRef> waiting)
    {
        switch (PoolDecider.Decide(_state, _health, command))
        {
            case Decision.Refused refused:
                // Nobody has asked for an extension, and so nobody would hear of it.
                if (command is PoolCommands.Grow && waiting.IsEmpty)
                    OnNotExtended(refused.Refusal.ToString());
                Finish(command.Request, waiting, new PoolReplies.Refused(command.Request, refused.Refusal));
                break;
            case Decision.AlreadySo already:
                _operations[command.Request] = new Operation(
                    command, already.Subject, Before: null, Pool.Identity.Backing, [], waiting) { AlreadySo = true };
                // What makes it so may be on its way to the journal yet.
                DeferAsync(command.Request, Confirm);
                break;
            case Decision.Accepted accepted:
                Accept(command, accepted, waiting);
                break;
            case Decision.NotYet notYet:
                HoldBack(command, notYet.Creating, waiting);
                break;
            default:
                throw new InvalidOperationException("a decision of no known kind");
        }
    }

    private void HoldBack(PoolCommand command, ThinId creating, ImmutableArray<IActorRef> waiting)
    {
        _operations[command.Request] = new Operation(
            command, Subject: null, Before: null, Pool.Identity.Backing, Removed: [], waiting);
        _heldBack[creating] = _heldBack.GetValueOrDefault(creating, []).Add(command.Request);
    }

    private void TakeHeldBack(ThinId created)
    {
        _heldBack.Remove(created, out var requests);
        foreach (var request in requests.IsDefault ? [] : requests)
        {
            _operations.Remove(request, out var operation);
            Take(operation!.Command, operation.Waiting);
        }
    }

    private void Accept(PoolCommand command, Decision.Accepted accepted, ImmutableArray<IActorRef> waiting)
    {
        var removed = accepted.Events.OfType<PoolEvents.RemovalIntended>()
            .Select(e => _state.Devices[e.Id]).ToImmutableArray();
        _operations[command.Request] = new Operation(
            command, accepted.Subject, DeviceOrNull(accepted.Subject), Pool.Identity.Backing, removed, waiting)
        {
            Spares = _state.Spares,
        };
        Record(accepted.Events, () => Begin(command, accepted));
        NoteDemand(command, accepted.Subject);
    }

    /// <summary>The events are durable: now the kernel may be asked, or the caller told.</summary>
    private void Begin(PoolCommand command, Decision.Accepted accepted)
    {
        foreach (var made in accepted.Events.OfType<PoolEvents.BaseIntended>())
            StartCreation(_state.Devices[made.Id], madeBefore: false);
        if (command is PoolCommands.Remove && accepted.Subject is { } leaving)
            FreePlace(leaving, command.Request);
        foreach (var removal in accepted.Events.OfType<PoolEvents.RemovalIntended>())
            Enqueue(removal.Id);
        switch (command)
        {
            case PoolCommands.CreateSnapshot when accepted.Events is [PoolEvents.Claimed]:
                _stockClaims++;
                // Made live a while ago: what became of it since, only the kernel knows.
                var claimed = _state.Devices[accepted.Subject!.Value];
                _devices.Give(claimed.Id, new DeviceJobs.Confirm(Pool, claimed, command.Request, Detach: false));
                break;
            case PoolCommands.CreateSnapshot or PoolCommands.CommitLive or PoolCommands.Receive:
                StartCreation(_state.Devices[accepted.Subject!.Value], madeBefore: false);
                break;
            case PoolCommands.SetUse use:
                var used = _state.Devices[accepted.Subject!.Value];
                _devices.Give(used.Id, new DeviceJobs.Settle(Pool, used, use.Request, use.Detach));
                break;
            case PoolCommands.CreateView view:
                var shown = _state.Devices[accepted.Subject!.Value];
                _devices.Give(shown.Id, new DeviceJobs.Settle(Pool, shown, view.Request));
                break;
            case PoolCommands.Remove when accepted.Events is [PoolEvents.ViewRemoved]:
                Succeed(command.Request);
                SettleInBackground(accepted.Subject!.Value);
                break;
            case PoolCommands.Resize resize:
                var grown = _state.Devices[accepted.Subject!.Value];
                _devices.Give(grown.Id, new DeviceJobs.Grow(Pool, grown, resize.Request));
                break;
            case PoolCommands.Grow grow:
                UseIdentity();
                _lane.Tell(new LaneJobs.Grow(Pool, grow.Request));
                break;
            case PoolCommands.Purge purge:
                Purge(purge.Id, purge.Request);
                break;
            default:
                Succeed(command.Request);
                break;
        }
    }

    private Refusal? Unready(PoolCommand command)
    {
        var busy = _phase == PoolPhase.Stopping ? _reason
            : _heldRetire is not null ? Removing
            : _operations.Count >= _setup.Settings.MaxOperations ? $"{_operations.Count} operations are under way"
            : IsBehindAnother(command) ? "an earlier change of the same thing is under way"
            : null;
        return busy is null
            ? null
            : new Refusal(
                RefusalKind.Busy, "cannot take the request", _setup.Name.Value, busy, "try again in a moment");
    }

    /// <summary>
    /// What is taken back where the kernel refuses must not have been built upon: of one device, and of the pool
    /// itself, there is one such change at a time.
    /// </summary>
    private bool IsBehindAnother(PoolCommand command) => command switch
    {
        PoolCommands.SetUse c => IsChangingUse(c.Key),
        PoolCommands.Commit c => IsChangingUse(c.Key),
        PoolCommands.Grow => IsGrowing,
        PoolCommands.Purge c => _purges.ContainsKey(c.Id),
        _ => false,
    };

    private bool IsChangingUse(DeviceKey key) => _state.Find(key) is { } device
        && _operations.Values.Any(
            o => o.Subject == device.Id && o.Command is PoolCommands.SetUse or PoolCommands.Commit);

    private void StashOrBusy(PoolCommand command)
    {
        if (++_stashed <= _setup.Settings.MaxOperations)
        {
            Stash.Stash();
            return;
        }
        Answer(Sender, new PoolReplies.Refused(command.Request, new Refusal(
            RefusalKind.Busy, "cannot take the request", _setup.Name.Value, "the pool is being opened",
            "try again in a moment")));
    }

    private void UnstashAll()
    {
        _stashed = 0;
        Stash.UnstashAll();
    }

    private void Succeed(RequestId request)
    {
        if (!_operations.TryGetValue(request, out var operation))
            return;
        // Whoever reads after the answer finds what the answer says.
        Show();
        Finish(request, operation.Waiting, PoolSuccess.Of(
            operation.Command, DeviceOrNull(operation.Subject), operation.Removed, operation.AlreadySo));
    }

    private void Fail(RequestId request, Refusal refusal)
    {
        if (_operations.TryGetValue(request, out var operation))
            Finish(request, operation.Waiting, new PoolReplies.Refused(request, refusal));
    }

    private void Finish(RequestId request, ImmutableArray<IActorRef> waiting, PoolReply reply)
    {
        _operations.Remove(request);
        foreach (var to in waiting)
            Answer(to, reply);
        StopWhenDone();
    }

    private DeviceRecord? DeviceOrNull(ThinId? id) => id is { } known ? _state.Devices.GetValueOrDefault(known) : null;

    private int _stashed;
}
