using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Tests.CrashHistories;

/// <summary>
/// A pool's owner without actors: decides, journals the intent, asks the kernel, journals the outcome; one command
/// after the other. Made of the pieces that the pool actor is made of.
/// </summary>
/// <param name="rides">Outcomes are durable with the next intent, so that a crash loses them.</param>
internal sealed partial class PoolMachine(IKernel kernel, Journal journal, PoolPaths paths, bool discards, bool rides)
{
    private static readonly DateTimeOffset At = Deciding.Given.At;

    public PoolState State { get; private set; } = PoolState.Empty;

    public PoolHealth? Health { get; private set; }

    public PoolContext Context => new(State.Identity!, paths, discards);

    private CreationEffects Creation => new(kernel, Context);

    private UseEffects Use => new(kernel, Context);

    private DeletionEffects Deletion => new(kernel, Context);

    /// <summary>Null: it is so now, and durable. Else the reason why not.</summary>
    public Refusal? Do(PoolCommand command)
    {
        ReadHealth();
        switch (PoolDecider.Decide(State, Health, command))
        {
            case Decision.Refused refused:
                return refused.Refusal;
            case Decision.Accepted accepted:
                var prepared = Prepare(command, accepted);
                if (prepared.Error is { } error)
                    return Failed(error);
                var before = State;
                Intend(accepted.Events);
                var done = Effect(command, accepted, before);
                Delete();
                return done.Error is { } failed ? Failed(failed) : null;
            default:
                return null;
        }
    }

    private void Intend(params IEnumerable<PoolEvent> events)
    {
        var list = events.ToList();
        journal.Append(list);
        State = list.Aggregate(State, (state, e) => state.Apply(e));
    }

    private void Outcome(PoolEvent outcome)
    {
        if (rides)
            journal.Ride(outcome);
        else
            journal.Append(outcome);
        State = State.Apply(outcome);
    }

    /// <summary>What has to be so before the journal may say that the command was accepted.</summary>
    private KernelResult Prepare(PoolCommand command, Decision.Accepted accepted)
    {
        switch (command)
        {
            case PoolCommands.Commit:
                // A layer is never written again: whoever has the container open keeps it from becoming one.
                var device = State.Devices[accepted.Subject!.Value];
                var done = Use.Seal(device).Outcome;
                if (!done.Succeeded)
                    Use.Settle(device);
                return done;
            case PoolCommands.Grow grow:
                return new AssemblyEffects(kernel,
                    Context with { Identity = State.Identity! with { Backing = grow.Backing } })
                    .PrepareGrowth();
            default:
                return KernelResult.Done;
        }
    }

    private KernelResult Effect(PoolCommand command, Decision.Accepted accepted, PoolState before) => command switch
    {
        PoolCommands.Initialize => Open(),
        PoolCommands.CreateSnapshot or PoolCommands.CommitLive or PoolCommands.Receive => Create(accepted),
        PoolCommands.SetUse use => Settle(use.Request, before.Devices[accepted.Subject!.Value]),
        PoolCommands.Resize => Grow(accepted.Subject!.Value),
        PoolCommands.Grow => new AssemblyEffects(kernel, Context).Grow(),
        PoolCommands.Purge purge => Purge(purge.Id),
        _ => KernelResult.Done,
    };

    private KernelResult Create(Decision.Accepted accepted)
    {
        var made = KernelResult.Done;
        foreach (var e in accepted.Events)
        {
            var id = e switch
            {
                PoolEvents.BaseIntended b => b.Id,
                PoolEvents.ReceptionIntended r => r.Id,
                _ => ((PoolEvents.SnapshotIntended)e).Id,
            };
            made = made.Then(() => Make(id, inPool: false));
        }
        // What was not tried for want of its base fails with it.
        foreach (var id in State.Devices.Values.Where(d => d.Phase == DevicePhase.Creating).Select(d => d.Id).ToList())
            Intend(new PoolEvents.CreationFailed(id, made.ToString(), InDoubt: false, At));
        return made;
    }

    /// <summary>Brings one device into being, or nothing of it.</summary>
    private KernelResult Make(ThinId id, bool inPool)
    {
        var device = State.Devices[id];
        var made = (device.Kind, device.Source) switch
        {
            (DeviceKind.Base, _) => Creation.CreateBase(device, startAgain: inPool),
            (_, null) => Creation.CreateBlank(device, madeBefore: inPool),
            (_, { } source) => Creation.CreateSnapshot(device, State.Devices[source], madeBefore: inPool),
        };
        if (device.Kind != DeviceKind.Base && device.Use != DeviceUse.Idle)
            made = made.Then(() => inPool ? Use.Settle(device) : Use.SettleFresh(device));
        if (made.Succeeded)
        {
            Outcome(new PoolEvents.Created(id, At));
            return made;
        }
        // An id that was taken belongs to somebody else: it is left alone, and given to nobody.
        var undone = made is { Error: { Fault: KernelFault.Exists, Operation: "create_snap" or "create_thin" } }
            ? false
            : Deletion.Delete(device) is DeletionResult.Gone;
        // Durable before the refusal is answered: else a recovery would make what its owner was told is not there.
        Intend(new PoolEvents.CreationFailed(id, made.ToString(), InDoubt: !undone, At));
        return made;
    }

    private KernelResult Settle(RequestId request, DeviceRecord before)
    {
        var settled = Use.Settle(State.Devices[before.Id]);
        if (settled.Succeeded)
            return settled;
        Intend(
            new PoolEvents.UseChanged(Request: null, before.Id, before.Use, before.ReadOnly, At),
            new PoolEvents.RequestWithdrawn(request, At));
        Use.Settle(State.Devices[before.Id]);
        return settled;
    }

    /// <summary>A growth that failed half way is never taken back: it is tried again.</summary>
    private KernelResult Grow(ThinId id)
    {
        var grown = Use.Grow(State.Devices[id]);
        if (grown.Succeeded)
            Outcome(new PoolEvents.Resized(id, State.Devices[id].GrowingTo!.Value, At));
        return grown;
    }

    private KernelResult Purge(ThinId id)
    {
        var purged = Deletion.Purge(id);
        if (purged.Succeeded)
            Outcome(new PoolEvents.Purged(id, At));
        return purged;
    }

    /// <summary>What the background does: removed devices leave the pool, as far as nobody holds them.</summary>
    public void Delete()
    {
        var removing = State.Devices.Values.Where(d => d.Phase == DevicePhase.Removing).OrderBy(d => d.Id);
        foreach (var device in removing.ToList())
        {
            if (Deletion.Delete(device, State.Find(device.Key) is not null) is DeletionResult.Gone)
                Outcome(new PoolEvents.Removed(device.Id, At));
        }
    }

    private void ReadHealth()
    {
        if (State.Identity is null)
            return;
        var status = kernel.PoolStatus(Context.Device);
        if (status.Succeeded)
            Health = PoolHealth.Judge(status.Value, AdmissionMarks.Default);
    }

    private static Refusal Failed(KernelError error) =>
        new(RefusalKind.Failed, "cannot do it", error.Subject, error.ToString(), "try again");
}
