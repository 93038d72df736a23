using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>
/// Requests that are already so by the journal. Before the reply, the kernel's state is checked: what was removed by
/// hand, or failed with an error, is restored, or the request is refused with the actual state.
/// </summary>
internal sealed class Confirmations(PoolMachine machine) : PoolPart(machine)
{
    private Requests Requests => Machine.Requests;

    public void Begin(RequestId request)
    {
        if (Requests.Find(request) is not { } operation)
            return;
        var device = Core.DeviceOrNull(operation.Subject);
        switch (operation.Command)
        {
            case PoolCommands.Initialize or PoolCommands.TakeOver or PoolCommands.Grow:
                Core.Give(new PoolJobs.Confirm(Pool, request));
                break;
            case PoolCommands.SetUse or PoolCommands.Resize or PoolCommands.CreateSnapshot
                when device is null or { Phase: DevicePhase.Removing }:
                Requests.Fail(request, RemovedSince(operation.Command));
                break;
            case PoolCommands.SetUse use when device?.Use != use.Use || device.Phase != DevicePhase.Ready:
                Requests.Fail(request, ChangedSince(use));
                break;
            case PoolCommands.SetUse or PoolCommands.Confirm or PoolCommands.Resize or PoolCommands.CreateSnapshot
                or PoolCommands.CreateView when device is { Phase: DevicePhase.Ready }:
                var detach = operation.Command is PoolCommands.SetUse { Detach: true };
                Core.Give(device.Id, new DeviceJobs.Confirm(Pool, device, request, detach));
                break;
            default:
                Requests.Succeed(request);
                break;
        }
    }

    /// <summary>A finished request is repeated, but its device has been removed since. Another device of the same name
    /// does not count.</summary>
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

    public void On(DeviceResults.Confirmed result)
    {
        Machine.Problems.Note(result.Id, result.WasSo.Outcome, result.Holders);
        if (Requests.Find(result.Request) is not { } operation)
            return;
        if (result.WasSo.Error is { } error)
        {
            Refuse(result, operation, error);
            return;
        }
        if (!result.WasSo.Value)
        {
            Core.Say(PoolLog.DeviceRestored(Core.Scene.Name, result.Id));
            Requests.Put(result.Request, operation with { AlreadySo = false });
        }
        Requests.Succeed(result.Request);
    }

    private void Refuse(DeviceResults.Confirmed result, Operation operation, KernelError error)
    {
        var device = State.Devices[result.Id];
        var what = operation.Command switch
        {
            PoolCommands.SetUse { Use: DeviceUse.Idle } => "cannot unmount",
            PoolCommands.SetUse { Use: DeviceUse.Mounted } => "cannot mount",
            _ => "cannot use",
        };
        var refusal = Machine.Changes.RefusalOf(what, device, error, result.Holders);
        // A snapshot from the stock that was just claimed: remove it, like one that cannot be activated after its
        // creation.
        if (!operation.AlreadySo && device.Phase != DevicePhase.Removing)
        {
            var removal = new PoolEvents.RemovalIntended(Request: null, device.Id, Now);
            Core.Record(Machine.Changes.Withdrawn(result.Request, removal), () =>
            {
                Machine.Deletions.Enqueue(device.Id);
                Requests.Fail(result.Request, refusal);
            });
            return;
        }
        Requests.Fail(result.Request, refusal);
    }

    public void On(PoolResults.Confirmed result)
    {
        if (result.Outcome.Error is not { } error)
        {
            Requests.Succeed(result.Request);
            return;
        }
        Requests.Fail(result.Request, new Refusal(
            RefusalKind.Failed, "cannot use pool", Name, error.ToString(), $"compare: dmagent pool check {Name}"));
        Machine.Care.LookAtStatus();
    }
}
