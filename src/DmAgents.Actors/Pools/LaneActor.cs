using System.Collections.Immutable;
using Akka.Actor;
using DmAgents.Actors.Devices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>Does what is to be done to a pool as a whole. Blocks in kernel calls, on the kernel dispatcher.</summary>
internal sealed class LaneActor(IKernel kernel, IDurableFiles files) : UntypedActor
{
    public static Props Props(IKernel kernel, IDurableFiles files) =>
        Akka.Actor.Props.Create(() => new LaneActor(kernel, files)).WithDispatcher(ActorsConfig.KernelDispatcher);

    /// <summary>Held from the first thing that is done to the pool to the actor's end.</summary>
    private IDisposable? _claim;

    protected override void PostStop() => _claim?.Dispose();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case LaneJobs.Open job:
                Sender.Tell(Open(job));
                break;
            case LaneJobs.CleanUp job:
                Sender.Tell(CleanUp(job));
                break;
            case LaneJobs.PlanGrowth job:
                Sender.Tell(new LaneResults.GrowthPlanned(Plan(job)));
                break;
            case LaneJobs.SetNoSpace job:
                Sender.Tell(new LaneResults.NoSpaceSet(
                    job.Policy, new AssemblyEffects(kernel, job.Pool).SetNoSpace(job.Policy)));
                break;
            case LaneJobs.PrepareGrowth job:
                Sender.Tell(new LaneResults.GrowthPrepared(
                    job.Request, new AssemblyEffects(kernel, job.Pool).PrepareGrowth()));
                break;
            case LaneJobs.Grow job:
                Sender.Tell(new LaneResults.Grown(job.Request, new AssemblyEffects(kernel, job.Pool).Grow()));
                break;
            case LaneJobs.Confirm job:
                Sender.Tell(new LaneResults.Confirmed(job.Request, new AssemblyEffects(kernel, job.Pool).Open()));
                break;
            case LaneJobs.Mark job:
                Sender.Tell(Mark(job));
                break;
            case LaneJobs.ReadStatus job:
                Sender.Tell(new LaneResults.Status(kernel.PoolStatus(job.Pool.Device)));
                break;
            case LaneJobs.Purge job:
                Sender.Tell(new LaneResults.Purged(job.Id, new DeletionEffects(kernel, job.Pool).Purge(job.Id)));
                break;
            case LaneJobs.Mend job:
                Sender.Tell(new LaneResults.Mended(job.Asked, Mend(job)));
                break;
            case LaneJobs.DiscardMetadata job:
                Sender.Tell(new LaneResults.MetadataDiscarded(
                    job.Request, Claim(job.Pool).Then(() => Discard(job.Pool, job.Kept))));
                break;
            case LaneJobs.Abandon job:
                // A pool that another agent has is the other's, live or not.
                Sender.Tell(new LaneResults.Abandoned(
                    _claim is null ? KernelResult.Done : new AssemblyEffects(kernel, job.Pool).Close()));
                break;
            case LaneJobs.MakeIdle job:
                Sender.Tell(new LaneResults.MadeIdle(
                    Claim(job.Pool).Then(() => TakeoverEffects.MakeIdle(kernel, job.Pool, job.Devices))));
                break;
            case LaneJobs.GiveBack job:
                Sender.Tell(new LaneResults.GivenBack(Claim(job.Pool).Then(() => GiveBack(job))));
                break;
            case LaneJobs.LetGo job:
                Sender.Tell(new LaneResults.LetGone(Claim(job.Pool).Then(() => LetGo(job))));
                break;
            case LaneJobs.Retire job:
                Sender.Tell(new LaneResults.Retired(Claim(job.Pool).Then(() => Retire(job))));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Makes sure that no other agent has the pool.</summary>
    private KernelResult Claim(PoolContext pool)
    {
        if (_claim is not null)
            return KernelResult.Done;
        var claimed = kernel.Claim(pool.Identity.Uuid);
        if (claimed.Succeeded)
            _claim = claimed.Value;
        return claimed.Outcome;
    }

    /// <summary>Before anything else that may fail: whoever writes to a device that a dead agent left suspended hangs.
    /// </summary>
    private KernelResult ResumeAll(PoolContext pool)
    {
        var live = kernel.ListDevices($"{DeviceNames.UuidPrefix}{pool.Identity.Uuid}-");
        if (!live.Succeeded)
            return live.Outcome;
        foreach (var device in live.Value.Where(
            d => d.Suspended && DeviceNames.ThinIdOf(pool.Identity.Uuid, d.Uuid) is not null))
            kernel.Resume(device.Name);
        return KernelResult.Done;
    }

    private object Open(LaneJobs.Open job)
    {
        var ready = Claim(job.Pool).Then(() => ResumeAll(job.Pool));
        if (!ready.Succeeded)
            return new LaneResults.OpenFailed(ready.Error);
        var assembly = new AssemblyEffects(kernel, job.Pool);
        if (Reopen(job) is { } inTheWay)
            return inTheWay;
        var isNew = !job.State.WasOpened && kernel.Find(job.Pool.Device).FailedWith(KernelFault.NotFound);
        var checkedMetadata = job.State.WasOpened ? assembly.CheckMetadata() : KernelResult.Done;
        var opened = checkedMetadata.Or(KernelFault.NotSupported)
            .Then(() => isNew ? assembly.Prepare() : KernelResult.Done).Then(assembly.Open);
        if (!opened.Succeeded)
            return new LaneResults.OpenFailed(opened.Error);
        var status = kernel.PoolStatus(job.Pool.Device);
        if (!status.Succeeded)
            return new LaneResults.OpenFailed(status.Error);
        if (!IsOwnPool(job, status.Value))
            return new LaneResults.Mismatched(status.Value.TransactionId, job.State.Checkpoint);
        if (assembly.VerifyLength(status.Value).Error is { } longer)
            return new LaneResults.OpenFailed(longer);
        var picture = KernelPicture.Take(kernel, job.Pool);
        return picture.Succeeded
            ? new LaneResults.Opened(
                picture.Value, checkedMetadata.Error, HintsOf(job, picture.Value),
                PoolSectors.Concern(kernel, job.State),
                new FormatLook(kernel, job.Pool).LookAll(job.State, picture.Value.Thins?.Keys.ToHashSet()))
            : new LaneResults.OpenFailed(picture.Error);
    }

    /// <summary>A live pool that the kernel has given up takes no table any more: it is taken down, and opened like one
    /// that is not live. Null if nothing stands against opening it.</summary>
    private LaneResults.OpenFailed? Reopen(LaneJobs.Open job)
    {
        // What someone else assembles is theirs to take down.
        if (!job.State.WasOpened || job.Pool.Identity.Backing is PoolBacking.Existing)
            return null;
        var status = kernel.PoolStatus(job.Pool.Device);
        if (!status.Succeeded)
            return null;
        var wasGivenUp = status.Value.Mode is PoolMode.Failed or PoolMode.Error;
        if (!wasGivenUp && !(job.IsAsked && status.Value.NeedsCheck))
            return null;
        var down = new MendEffects(kernel, files, job.Pool).TakeDownToReopen(evenMounted: wasGivenUp);
        if (down.Error is not { } error)
            return null;
        if (error.Fault == KernelFault.Busy && HoldersOf(error.Subject) is { Length: > 0 } holders)
            error = error with { Detail = $"held by {holders}" };
        return new LaneResults.OpenFailed(error, wasGivenUp);
    }

    private string HoldersOf(string device)
    {
        var live = MappedName.IsValid(device) ? kernel.Find(new MappedName(device)) : default;
        return live is { Succeeded: true, Value: not null } && kernel.Holders(live.Value) is { Succeeded: true } holders
            ? HolderText.Of(holders.Value)
            : "";
    }

    private ImmutableDictionary<ThinId, DeviceHint> HintsOf(LaneJobs.Open job, KernelPicture picture) =>
        DeviceHints.Read(files, job.Pool.Paths, (picture.Thins?.Keys ?? [])
            .Where(id => !job.State.Devices.ContainsKey(id) && !job.State.Ledger.Quarantine.ContainsKey(id))
            .ToHashSet());

    /// <summary>LVM counts in the transaction id of a pool of its own: there it says nothing about the journal. Nor
    /// does that of a pool which someone else made and the agent has not opened yet.</summary>
    private static bool IsOwnPool(LaneJobs.Open job, ThinPoolStatus status) =>
        job.Pool.Identity.Backing is PoolBacking.Existing { OwnedByLvm: true }
        || (job.Pool.Identity.Backing is PoolBacking.Existing && !job.State.WasOpened)
        || status.Mode is PoolMode.Failed or PoolMode.Error
        || job.State.Checkpoint.Allows(status.TransactionId);

    /// <summary>The first that is possible without a doubt, or why the first is not.</summary>
    private BackingPlan Plan(LaneJobs.PlanGrowth job)
    {
        BackingPlan? first = null;
        foreach (var request in job.Requests)
        {
            var plan = new BackingPlanner(kernel).PlanGrowth(job.Pool.Identity, request, force: false);
            if (plan is BackingPlan.Planned { Warnings: [] })
                return plan;
            first ??= plan;
        }
        return first ?? throw new InvalidOperationException("no way to grow was asked for");
    }

    private LaneResults.Marked Mark(LaneJobs.Mark job)
    {
        var result = kernel.SetTransactionId(job.Pool.Device, job.Expected, job.Next);
        if (result.Succeeded)
            return new LaneResults.Marked(job.Next, result, Found: null);
        var status = kernel.PoolStatus(job.Pool.Device);
        return new LaneResults.Marked(
            job.Next, result,
            status is { Succeeded: true, Value: { Mode: not (PoolMode.Failed or PoolMode.Error) } value }
                ? value.TransactionId
                : null);
    }

    private LaneResults.CleanedUp CleanUp(LaneJobs.CleanUp job)
    {
        var errors = ImmutableArray.CreateBuilder<KernelError>();
        foreach (var name in job.Plan.Resume)
            Note(kernel.Resume(name).Or(KernelFault.NotFound));
        foreach (var target in job.Plan.Unmount)
            Note(kernel.Unmount(target, detach: true).Or(KernelFault.Invalid));
        foreach (var name in job.Plan.Deactivate)
            Note(kernel.Remove(name, deferred: true).Or(KernelFault.NotFound));
        return new LaneResults.CleanedUp(job.Plan, errors.ToImmutable());

        void Note(KernelResult result)
        {
            if (result.Error is { } error)
                errors.Add(error);
        }
    }

    private MendOutcome Mend(LaneJobs.Mend job)
    {
        var mend = new MendEffects(kernel, files, job.Pool);
        var down = Claim(job.Pool).Then(() => mend.TakeDown(evenMounted: HasFailed(job.Pool)));
        return down.Error is { } error
            ? new MendOutcome.Failed(error)
            : mend.Mend(job.Asked.Source, job.Asked.Next, job.Shape);
    }

    /// <summary>The kernel has given the pool up: what is mounted cannot be used any more, and goes all the
    /// same.</summary>
    private bool HasFailed(PoolContext pool) =>
        kernel.PoolStatus(pool.Device) is { Succeeded: true, Value.Mode: PoolMode.Failed or PoolMode.Error };

    private KernelResult Discard(PoolContext pool, ImmutableArray<KeptMetadata> kept)
    {
        var assembly = new AssemblyEffects(kernel, pool);
        return kept.Aggregate(KernelResult.Done, (result, k) => result.Then(() => assembly.Discard(k)));
    }

    private KernelResult Retire(LaneJobs.Retire job)
    {
        var use = new UseEffects(kernel, job.Pool);
        foreach (var device in job.Devices)
        {
            var idle = use.Settle(device with { Use = DeviceUse.Idle });
            if (!idle.Succeeded)
                return idle;
        }
        var assembly = new AssemblyEffects(kernel, job.Pool);
        return assembly.Close().Then(() => Discard(job.Pool, job.Kept)).Then(assembly.Dismantle)
            .Then(new LookEffects(kernel, files, job.Pool).Clean)
            .Then(new LookEffects(kernel, files, job.Pool, ScratchUse.Proof).Clean)
            .Then(new BackupEffects(kernel, files, job.Pool).RemoveAll)
            .Then(() => RemoveFiles(job.Pool, job.Devices));
    }

    /// <remarks>From the start: one who died in the middle has left the pool live, or not, with some of its devices. It
    /// is the pool as long as its transaction id is the one before or the one after.</remarks>
    private KernelResult GiveBack(LaneJobs.GiveBack job)
    {
        var takeover = job.State.Takeover!;
        var opened = new AssemblyEffects(kernel, job.Pool).Open();
        if (!opened.Succeeded)
            return opened;
        var status = kernel.PoolStatus(job.Pool.Device);
        if (!status.Succeeded)
            return status.Outcome;
        // The agent leaves the id of LVM's pools as it is: another there was counted by somebody else.
        var isLvms = job.Pool.Identity.Backing is PoolBacking.Existing { OwnedByLvm: true };
        if ((isLvms || !IsOwnPool(new LaneJobs.Open(job.Pool, job.State), status.Value))
            && status.Value.TransactionId != takeover.TransactionId)
        {
            return new KernelError(KernelFault.Invalid, 0, "give back", job.Pool.Device.Value,
                $"its transaction id is {status.Value.TransactionId}, which is not the agent's: "
                    + "somebody else has used it");
        }
        return TakeoverEffects.MakeIdle(kernel, job.Pool, [.. job.State.Devices.Values])
            .Then(() => TakeoverEffects.GiveBack(kernel, job.Pool, takeover, IsKnown));

        bool IsKnown(ThinId id) =>
            job.State.Devices.ContainsKey(id) || job.State.Ledger.Quarantine.ContainsKey(id);
    }

    private KernelResult LetGo(LaneJobs.LetGo job) => TakeoverEffects.LetGo(kernel, job.Pool)
        .Then(new LookEffects(kernel, files, job.Pool).Clean)
        .Then(new LookEffects(kernel, files, job.Pool, ScratchUse.Proof).Clean)
        .Then(new BackupEffects(kernel, files, job.Pool).RemoveAll)
        .Then(() => RemoveFiles(job.Pool, job.Devices));

    /// <summary>The projection of a pool that is no more, and the directories that its devices were mounted
    /// on.</summary>
    /// <remarks>What somebody else has put there stays, and what it lies in.</remarks>
    private KernelResult RemoveFiles(PoolContext pool, ImmutableArray<DeviceRecord> devices)
    {
        var paths = pool.Paths;
        string[] ours =
        [
            paths.MetadataDirectory, paths.ImageDirectory, paths.ViewDirectory, paths.ContentDirectory,
            paths.TransferDirectory,
        ];
        var written = ours.SelectMany(directory => NamesIn(directory).Select(name => $"{directory}/{name}"));
        foreach (var file in written.Append(paths.IdentityFile))
        {
            if (files.Delete(file) is { Succeeded: false } refused)
                return refused;
        }
        var directories = devices.Select(pool.MountOf)
            .Concat(NamesIn(paths.MountDirectory).Select(name => new MountPath($"{paths.MountDirectory}/{name}")))
            .Distinct()
            .Append(new MountPath(paths.MountDirectory)).Concat(ours.Select(directory => new MountPath(directory)))
            .Append(new MountPath(paths.BackupDirectory))
            .Append(new MountPath(paths.Root));
        foreach (var directory in directories)
        {
            if (kernel.RemoveDirectory(directory).Or(KernelFault.Busy) is { Succeeded: false } refused)
                return refused;
        }
        return KernelResult.Done;
    }

    private IReadOnlyList<string> NamesIn(string directory) =>
        files.List(directory) is { Succeeded: true } names ? names.Value : [];
}
