using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>Grows the pool: on request, or automatically when it runs low.</summary>
internal sealed class Growth(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>The pause after a failed extension: each try is journaled, and the reason rarely disappears by
    /// itself.</summary>
    private static readonly TimeSpan ExtensionPause = TimeSpan.FromMinutes(1);

    private readonly LoggedReason _whyNotExtended = new();

    public bool IsPlanning { get; private set; }

    /// <summary>Labels the added disks before they are journaled: see <see
    /// cref="Domain.Pools.Effects.AssemblyEffects.PrepareGrowth"/>.</summary>
    public void Prepare(PoolCommands.Grow command, ImmutableArray<Caller> waiting)
    {
        Machine.Requests.Put(command.Request, new Operation(
            command, Subject: null, Before: null, Pool.Identity.Backing, [], waiting));
        var grown = Pool with { Identity = Pool.Identity with { Backing = command.Backing } };
        Core.Give(new PoolJobs.PrepareGrowth(grown, command.Request));
    }

    public void On(PoolResults.GrowthPrepared result)
    {
        if (Machine.Requests.Find(result.Request) is not { } operation)
            return;
        if (result.Outcome.Error is { } error)
        {
            Fail(result.Request, operation, error);
            return;
        }
        Machine.Requests.Withdraw(result.Request);
        Machine.Changes.Take(operation.Command, operation.Waiting);
    }

    public void On(PoolResults.Grown result)
    {
        if (result.Outcome.Error is not { } error)
        {
            Machine.Requests.Succeed(result.Request);
            Machine.Care.LookAtStatus();
            return;
        }
        if (Machine.Requests.Find(result.Request) is not { } operation)
            return;
        var withdrawn = new PoolEvents.RequestWithdrawn(result.Request, Now);
        // The kernel may have grown it: the journal keeps the larger backing, and the next opening completes the
        // growth.
        ImmutableArray<PoolEvent> events = error.LeavesStateUnknown
            ? [withdrawn]
            : [
                new PoolEvents.BackingChanged(Request: null, operation.Backing, Now), .. SparesAgain(operation),
                withdrawn];
        Core.Record(events, () =>
        {
            Core.UseIdentity();
            Fail(result.Request, operation, error);
        });
    }

    /// <summary>Returns a spare disk to the list if it did not become a part of the pool.</summary>
    private IEnumerable<PoolEvent> SparesAgain(Operation operation)
    {
        var used = operation.Spares.Except(State.Spares).Where(disk => IsPart(State.Identity!.Backing, disk)).ToList();
        return used.Count == 0
            ? []
            : [new PoolEvents.SparesChanged(Core.FreshRequest(), [.. used, .. State.Spares], Now)];

        static bool IsPart(PoolBacking backing, DevicePath disk) =>
            backing is PoolBacking.Disks disks && disks.Data.Concat(disks.Metadata).Any(part => part.Disk == disk);
    }

    private void Fail(RequestId request, Operation operation, KernelError error)
    {
        // No caller asked for an extension: the log reports it.
        if (operation.Waiting.IsEmpty)
            OnNotExtended(error.ToString());
        Machine.Requests.Fail(request, new Refusal(
            error.Fault == KernelFault.NoSpace ? RefusalKind.NoSpace : RefusalKind.Failed,
            "cannot grow pool", Name, error.ToString(), "correct what is named, then try again"));
    }

    /// <summary>Extends the pool if it runs low and its settings permit it.</summary>
    public void Extend()
    {
        if (IsPlanning || Machine.Requests.IsGrowing || Core.IsWaiting(PoolTimer.Extension)
            || ExtensionPlan.Of(State, Health!, Settings.Extension) is not { IsEmpty: false } wanted)
            return;
        IsPlanning = true;
        Core.Give(new PoolJobs.PlanGrowth(Pool, wanted));
    }

    public void On(PoolResults.GrowthPlanned result)
    {
        IsPlanning = false;
        // An operator may have grown it first.
        if (Phase != PoolPhase.Open || Machine.Requests.IsGrowing)
            return;
        switch (result.Plan)
        {
            case BackingPlan.Refused refused:
                OnNotExtended(refused.Refusal.ToString());
                break;
            // A loop file that its host's file system cannot hold would fail the writers of every pool there.
            case BackingPlan.Planned { Warnings: [var warning, ..] }:
                OnNotExtended(warning);
                break;
            case BackingPlan.Planned planned:
                Core.Say(PoolLog.Extended(Core.Scene.Name, planned.DataSize));
                Prepare(new PoolCommands.Grow(Core.FreshRequest(), planned.Backing, Now), waiting: []);
                break;
            default:
                throw new InvalidOperationException("a plan of no known kind");
        }
    }

    public void OnNotExtended(string why)
    {
        Core.Start(PoolTimer.Extension, ExtensionPause);
        if (_whyNotExtended.Add(why))
            Core.Say(PoolLog.NotExtended(Core.Scene.Name, why));
    }
}
