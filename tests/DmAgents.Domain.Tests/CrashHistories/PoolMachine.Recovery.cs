using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Tests.CrashHistories;

internal sealed partial class PoolMachine
{
    /// <summary>The plan of the latest recovery.</summary>
    public RecoveryPlan? Plan { get; private set; }

    /// <summary>Starts over what the journal has: replay, open, compare, clean up, finish.</summary>
    public KernelResult Start()
    {
        State = journal.Durable.Aggregate(PoolState.Empty, (state, e) => state.Apply(e));
        return State.Identity is null ? KernelResult.Done : Open();
    }

    private KernelResult Open()
    {
        var assembly = new AssemblyEffects(kernel, Context);
        var isNew = !State.WasOpened && kernel.Find(Context.Device).FailedWith(KernelFault.NotFound);
        var opened = (isNew ? assembly.Prepare() : KernelResult.Done).Then(assembly.Open);
        return opened.Then(Recover);
    }

    private KernelResult Recover()
    {
        var picture = KernelPicture.Take(kernel, Context);
        if (!picture.Succeeded)
            return picture.Outcome;
        var found = picture.Value.Status.TransactionId;
        if (!State.Checkpoint.Allows(found))
            return new KernelError(KernelFault.Invalid, 0, "open pool", Context.Device.Value,
                $"{found}: {State.Checkpoint}");
        Plan = RecoveryPlan.Make(State, picture.Value, Context, At);
        if (Plan.Findings.Length > 0)
            Intend(Plan.Findings);
        var cleaned = CleanUp(Plan).Then(() => Mark(found));
        if (!cleaned.Succeeded)
            return cleaned;
        ReadHealth();
        foreach (var pending in Plan.Create)
            Finish(pending);
        foreach (var id in Plan.Settle)
        {
            var settled = State.Devices[id].GrowingTo is null ? Use.Settle(State.Devices[id]) : Grow(id);
            if (!settled.Succeeded)
                return settled;
        }
        Delete();
        foreach (var id in State.Purging)
            Purge(id);
        return KernelResult.Done;
    }

    private KernelResult CleanUp(RecoveryPlan plan)
    {
        var done = KernelResult.Done;
        foreach (var name in plan.Resume)
            done = done.Then(() => kernel.Resume(name).Or(KernelFault.NotFound));
        foreach (var target in plan.Unmount)
            done = done.Then(() => kernel.Unmount(target, detach: true).Or(KernelFault.Invalid));
        foreach (var name in plan.Deactivate)
            done = done.Then(() => kernel.Remove(name, deferred: true).Or(KernelFault.NotFound));
        return done;
    }

    private KernelResult Mark(TransactionId found)
    {
        Intend(new PoolEvents.CheckpointIntended(found, found.Next, At));
        var set = kernel.SetTransactionId(Context.Device, found, found.Next);
        if (set.Succeeded)
            Outcome(new PoolEvents.CheckpointReached(found.Next, At));
        return set;
    }

    private void Finish(PendingCreation pending)
    {
        var device = State.Devices[pending.Id];
        if (device.Parent is { } parent && !State.Devices.ContainsKey(parent))
            Intend(new PoolEvents.CreationFailed(pending.Id, "its base could not be made", InDoubt: false, At));
        else
            Make(pending.Id, pending.InPool);
    }
}
