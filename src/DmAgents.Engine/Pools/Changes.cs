using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>Commands of an open pool: decided at once, made durable, carried out, then answered.</summary>
internal sealed class Changes(PoolMachine machine) : PoolPart(machine)
{
    private Requests Requests => Machine.Requests;

    public void On(PoolCommand command, Caller from)
    {
        if (Requests.Join(command, from))
            return;
        if (Unready(command) is { } unready)
        {
            Core.Reply(from, new PoolReplies.Refused(command.Request, unready));
            return;
        }
        // Seal the device first: a layer must be durable and closed for writing before the journal records it.
        if (command is PoolCommands.Commit commit && State.Find(commit.Key) is { Use: DeviceUse.Active } active
            && PoolDecider.Decide(State, Health, commit) is Decision.Accepted)
        {
            Requests.Put(command.Request, new Operation(
                command, active.Id, active, Pool.Identity.Backing, [], [from]));
            Core.Give(active.Id, new DeviceJobs.Seal(Pool, active, command.Request));
            return;
        }
        if (command is PoolCommands.Grow grow && PoolDecider.Decide(State, Health, grow) is Decision.Accepted)
        {
            Machine.Growth.Prepare(grow, [from]);
            return;
        }
        Take(command, [from]);
    }

    /// <summary>Decides a command from a caller or from the pool itself.</summary>
    public void Take(PoolCommand command, ImmutableArray<Caller> waiting)
    {
        switch (PoolDecider.Decide(State, Health, command))
        {
            case Decision.Refused refused:
                // No caller asked for an extension: the log reports it.
                if (command is PoolCommands.Grow && waiting.IsEmpty)
                    Machine.Growth.OnNotExtended(refused.Refusal.ToString());
                Requests.Finish(command.Request, waiting, new PoolReplies.Refused(command.Request, refused.Refusal));
                break;
            case Decision.AlreadySo already:
                Requests.Put(command.Request, new Operation(
                    command, already.Subject, Before: null, Pool.Identity.Backing, [], waiting) { AlreadySo = true });
                // The event that makes it so may still be on its way to the journal.
                Core.AfterWrites(() => Machine.Confirmations.Begin(command.Request));
                break;
            case Decision.Accepted accepted:
                Accept(command, accepted, waiting);
                break;
            case Decision.NotYet notYet:
                Requests.HoldBack(command, notYet.Creating, waiting);
                break;
            default:
                throw new InvalidOperationException("a decision of no known kind");
        }
    }

    /// <summary>The reply to a command that needs no action.</summary>
    public void AnswerAtOnce(PoolCommand command, Caller from, Decision decision) => Core.Reply(from, decision switch
    {
        Decision.AlreadySo => PoolSuccess.Of(command, alreadySo: true),
        Decision.Refused refused => new PoolReplies.Refused(command.Request, refused.Refusal),
        _ => throw new InvalidOperationException("a decision of which something is to be done"),
    });

    private void Accept(PoolCommand command, Decision.Accepted accepted, ImmutableArray<Caller> waiting)
    {
        var removed = accepted.Events.OfType<PoolEvents.RemovalIntended>()
            .Select(e => State.Devices[e.Id]).ToImmutableArray();
        Requests.Put(command.Request, new Operation(
            command, accepted.Subject, Core.DeviceOrNull(accepted.Subject), Pool.Identity.Backing, removed, waiting)
        {
            Spares = State.Spares,
        });
        Core.Record(accepted.Events, () => Begin(command, accepted));
        Machine.Stock.NoteDemand(command, accepted.Subject);
    }

    /// <summary>The events are durable: now the machine may call the kernel, or answer the caller.</summary>
    private void Begin(PoolCommand command, Decision.Accepted accepted)
    {
        foreach (var made in accepted.Events.OfType<PoolEvents.BaseIntended>())
            Machine.Creations.Start(State.Devices[made.Id], madeBefore: false);
        if (command is PoolCommands.Remove && accepted.Subject is { } leaving)
            Machine.Creations.FreePlace(leaving, command.Request);
        foreach (var removal in accepted.Events.OfType<PoolEvents.RemovalIntended>())
            Machine.Deletions.Enqueue(removal.Id);
        switch (command)
        {
            case PoolCommands.CreateSnapshot when accepted.Events is [PoolEvents.Claimed]:
                Machine.Stock.NoteClaim();
                // The device was activated earlier: only the kernel knows its present state.
                Confirm(State.Devices[accepted.Subject!.Value], command.Request);
                break;
            case PoolCommands.CreateSnapshot or PoolCommands.CommitLive or PoolCommands.Receive:
                Machine.Creations.Start(State.Devices[accepted.Subject!.Value], madeBefore: false);
                break;
            case PoolCommands.SetUse use:
                Settle(State.Devices[accepted.Subject!.Value], use.Request, use.Detach);
                break;
            case PoolCommands.CreateView view:
                Settle(State.Devices[accepted.Subject!.Value], view.Request);
                break;
            case PoolCommands.Remove when accepted.Events is [PoolEvents.ViewRemoved]:
                Requests.Succeed(command.Request);
                SettleInBackground(accepted.Subject!.Value);
                break;
            case PoolCommands.Resize resize:
                var grown = State.Devices[accepted.Subject!.Value];
                Core.Give(grown.Id, new DeviceJobs.Grow(Pool, grown, resize.Request));
                break;
            case PoolCommands.Grow grow:
                Core.UseIdentity();
                Core.Give(new PoolJobs.Grow(Pool, grow.Request));
                break;
            case PoolCommands.Purge purge:
                Machine.Purges.Begin(purge.Id, purge.Request);
                break;
            default:
                Requests.Succeed(command.Request);
                break;
        }
    }

    private void Confirm(DeviceRecord device, RequestId request) =>
        Core.Give(device.Id, new DeviceJobs.Confirm(Pool, device, request, Detach: false));

    private void Settle(DeviceRecord device, RequestId request, bool detach = false) =>
        Core.Give(device.Id, new DeviceJobs.Settle(Pool, device, request, detach));

    public void SettleInBackground(ThinId id)
    {
        if (Core.DeviceOrNull(id) is { Phase: DevicePhase.Ready } device)
            Core.Give(id, new DeviceJobs.Settle(Pool, device, Request: null));
    }

    private Refusal? Unready(PoolCommand command)
    {
        var busy = Phase == PoolPhase.Stopping ? Core.Reason
            : Machine.Exclusive.RemovalIsHeld ? Exclusive.Removing
            : Requests.Count >= Settings.MaxOperations ? $"{Requests.Count} operations are under way"
            : IsBehindAnother(command) ? "an earlier change of the same thing is under way"
            : null;
        return busy is null
            ? null
            : new Refusal(RefusalKind.Busy, "cannot take the request", Name, busy, "try again in a moment");
    }

    /// <summary>
    /// A change that the kernel may still refuse can be undone, so no other change may build on it. There is one such
    /// change at a time for each device, and for the pool itself.
    /// </summary>
    private bool IsBehindAnother(PoolCommand command) => command switch
    {
        PoolCommands.SetUse c => Requests.IsChangingUse(c.Key) || Requests.IsResizing(c.Key),
        PoolCommands.Commit c => Requests.IsChangingUse(c.Key) || Requests.IsResizing(c.Key),
        // A growth activates a device that its record wants idle. If that device is still mounted, this fails with
        // Busy.
        PoolCommands.Resize c => Requests.IsChangingUse(c.Key),
        PoolCommands.Grow => Requests.IsGrowing,
        PoolCommands.Purge c => Machine.Purges.IsUnderWay(c.Id),
        _ => false,
    };

    /// <summary>A device was settled, on request or in the background.</summary>
    public void OnSettled(DeviceResults.Settled result)
    {
        if (!State.Devices.TryGetValue(result.Id, out var device))
            return;
        if (result.Request is not { } request || result.Outcome.Error is not { } error)
        {
            Machine.Problems.Note(result.Id, result.Outcome, result.Holders);
            if (result.Request is { } done)
                Requests.Succeed(done);
            return;
        }
        var operation = Requests.Find(request);
        if (operation?.Command is PoolCommands.CreateView view)
        {
            TakeBack(
                request, [new PoolEvents.ViewRemoved(Request: null, view.Key, Now)], device.Id,
                RefusalOf("cannot create view", device, error, result.Holders));
            return;
        }
        if (operation is not { Before: { } before, Command: PoolCommands.SetUse command })
            return;
        var what = command.Use == DeviceUse.Idle ? "cannot unmount" : "cannot mount";
        // If it is in removal meanwhile, it keeps the state that its removal set.
        ImmutableArray<PoolEvent> back = device.Phase == DevicePhase.Removing
            ? []
            : [new PoolEvents.UseChanged(Request: null, device.Id, before.Use, before.ReadOnly, Now)];
        TakeBack(request, back, device.Id, RefusalOf(what, device, error, result.Holders));
    }

    private void TakeBack(RequestId request, ImmutableArray<PoolEvent> undoing, ThinId id, Refusal refusal) =>
        Core.Record(Withdrawn(request, undoing), () =>
        {
            Requests.Fail(request, refusal);
            SettleInBackground(id);
        });

    public void OnGrown(DeviceResults.Grown result)
    {
        if (!State.Devices.TryGetValue(result.Id, out var device))
            return;
        if (device.GrowingTo is not { } size)
        {
            // Two requests were under way, and the other has grown it.
            if (result.Request is { } done && result.Outcome.Succeeded)
                Requests.Succeed(done);
            return;
        }
        Machine.Problems.Note(result.Id, result.Outcome, holders: "");
        if (result.Outcome.Error is { } error)
        {
            // The intent stays: the device may be longer than its file system, and only growing on repairs that.
            if (result.Request is { } waiting)
            {
                Core.Record(
                    Withdrawn(waiting),
                    () => Requests.Fail(waiting, RefusalOf("cannot resize", device, error, holders: "")));
            }
            return;
        }
        Core.Outcome(new PoolEvents.Resized(result.Id, size, Now));
        if (result.Request is { } request)
            Requests.Succeed(request);
    }

    public void OnSealed(DeviceResults.Sealed result)
    {
        if (Requests.Withdraw(result.Request) is not { } operation)
            return;
        var commit = (PoolCommands.Commit)operation.Command;
        if (result.Inodes.Succeeded)
            Take(commit with { Inodes = result.Inodes.Value }, operation.Waiting);
        else if (result.Inodes.FailedWith(KernelFault.Busy))
            // A process keeps writing: the layer gets the present content, and later writes are lost with the
            // container.
            Take(new PoolCommands.CommitLive(commit.Request, commit.Key, commit.NewKey, commit.Labels, commit.At)
            {
                InPlaceOfIt = true,
            }, operation.Waiting);
        else
            Requests.Finish(result.Request, operation.Waiting, new PoolReplies.Refused(
                result.Request, RefusalOf("cannot commit", operation.Before!, result.Inodes.Error, holders: "")));
        // If no layer was made, activate the container again.
        if (Core.DeviceOrNull(result.Id) is { Kind: DeviceKind.Container })
            SettleInBackground(result.Id);
    }

    /// <summary>The events that undo a request's intent, so that the same request repeated does not count as
    /// done.</summary>
    public ImmutableArray<PoolEvent> Withdrawn(RequestId? request, params ImmutableArray<PoolEvent> undoing) =>
        request is { } known ? undoing.Add(new PoolEvents.RequestWithdrawn(known, Now)) : undoing;

    public Refusal RefusalOf(string what, DeviceRecord device, KernelError error, string holders) => new(
        error.Fault switch
        {
            KernelFault.Busy => RefusalKind.Busy,
            KernelFault.NoSpace => RefusalKind.NoSpace,
            KernelFault.TimedOut => RefusalKind.TimedOut,
            _ => RefusalKind.Failed,
        },
        what,
        device.Key.Name,
        error + (holders.Length == 0 ? "" : $"; it is held by {holders}"),
        error.Fault switch
        {
            KernelFault.Busy => "end what uses it, then try again",
            KernelFault.NoSpace => $"remove images or containers, or grow the pool: dmagent pool grow {Name}",
            KernelFault.Exists => "the id is in quarantine now: try again",
            // No errno: the kernel does not know a feature of the file system.
            KernelFault.NotSupported when error is { Operation: "mount", Errno: 0 } =>
                "run a kernel that knows what is named",
            KernelFault.NotSupported => "install or replace what is named, then try again",
            KernelFault.Failed when error.ExitStatus != 0 =>
                $"check what {error.Operation} reports, and the kernel's log (dmesg), then try again",
            _ => "see the kernel's log (dmesg), then try again",
        });
}
