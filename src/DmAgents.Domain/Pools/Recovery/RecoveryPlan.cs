using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Recovery;

/// <summary>
/// What has to be done so that journal, pool and live devices agree. Pure: made from the journal's state and a picture
/// of the kernel; interrupted, it is simply made again.
/// </summary>
/// <param name="Findings">To be journaled first: settled intents, lost devices, orphans.</param>
/// <param name="Resume">Devices that a dead agent left suspended.</param>
/// <param name="Unmount">Mounts that no record wants.</param>
/// <param name="Deactivate">Live devices that no record wants.</param>
/// <param name="Create">Intents of which the pool has nothing yet, or not all; a base before what descends from it.
/// </param>
/// <param name="Settle">Devices that are not live as they should be, or whose growth has to be finished.</param>
/// <param name="Delete">Removed devices whose blocks the pool still has.</param>
public sealed record RecoveryPlan(
    ImmutableArray<PoolEvent> Findings,
    ImmutableArray<MappedName> Resume,
    ImmutableArray<MountPath> Unmount,
    ImmutableArray<MappedName> Deactivate,
    ImmutableArray<PendingCreation> Create,
    ImmutableArray<ThinId> Settle,
    ImmutableArray<ThinId> Delete)
{
    /// <param name="underWay">Requests that go on: what belongs to them is as it should be.</param>
    public static RecoveryPlan Make(
        PoolState state, KernelPicture picture, PoolContext pool, DateTimeOffset at,
        ImmutableHashSet<RequestId>? underWay = null)
    {
        // Without the pool's own list nothing can be found out about it, and nothing is made or deleted.
        ImmutableArray<PoolEvent> findings = picture.Thins is { } thins
            ? Compare(state, picture, thins, at, underWay ?? [])
            : [];
        var after = findings.Aggregate(state, (s, e) => s.Apply(e));
        var wanted = after.Devices.Values.Where(d => d is { Phase: DevicePhase.Ready, Use: not DeviceUse.Idle })
            .Select(d => d.Id).ToHashSet();
        // A device on its way out is left to its deletion, which knows how to wait for its users.
        var known = after.Devices.Values.Where(d => d.Phase is DevicePhase.Removing or DevicePhase.Creating)
            .Select(d => d.Id).Concat(wanted).ToHashSet();
        var owners = after.Devices.Values.Where(d => d.Phase != DevicePhase.Removing && d.Use == DeviceUse.Mounted)
            .Concat(after.Devices.Values.Where(d => d.Phase == DevicePhase.Removing))
            .DistinctBy(pool.MountOf).ToDictionary(pool.MountOf);
        var mounted = picture.Mounted.DistinctBy(m => m.Target).ToDictionary(m => m.Target);
        return new RecoveryPlan(
            findings,
            [.. picture.Live.Values.Where(d => d.Suspended).Select(d => d.Name)],
            [.. picture.Mounted.Where(m => !Owns(owners.GetValueOrDefault(m.Target), m, picture))
                .Select(m => m.Target)],
            [.. picture.Live.Where(d => !known.Contains(d.Key)).Select(d => d.Value.Name)],
            [.. after.Devices.Values.Where(d => d.Phase == DevicePhase.Creating && picture.Thins is not null)
                .OrderBy(d => d.Kind != DeviceKind.Base).ThenBy(d => d.CreatedAt).ThenBy(d => d.Id)
                .Select(d => new PendingCreation(d.Id, picture.Thins!.ContainsKey(d.Id)))],
            [.. after.Devices.Values
                .Where(d => d.Phase == DevicePhase.Ready && (d.Use != DeviceUse.Idle || d.GrowingTo is not null)
                    && !IsAsWanted(d, picture, mounted.GetValueOrDefault(pool.MountOf(d))))
                .Select(d => d.Id).Order()],
            [.. after.Devices.Values.Where(d => d.Phase == DevicePhase.Removing).Select(d => d.Id).Order()]);
    }

    /// <summary>After a death of the agent alone most devices are: with thousands of them, looking again at each is
    /// what would take the time.</summary>
    private static bool IsAsWanted(DeviceRecord device, KernelPicture picture, MountEntry? mount) =>
        device.GrowingTo is null
        && picture.Live.TryGetValue(device.Id, out var live)
        && live is { Suspended: false, RemovalDeferred: false }
        && live.ReadOnly == device.ReadOnly && live.Length == device.Size.Sectors
        && (device.Use == DeviceUse.Mounted
            ? mount?.Device == live.Number && mount.ReadOnly == device.ReadOnly
            : mount is null);

    /// <summary>A removed device's mount may still be where its successor of the same key has to be mounted.</summary>
    private static bool Owns(DeviceRecord? owner, MountEntry mount, KernelPicture picture) =>
        owner is not null && picture.Live.TryGetValue(owner.Id, out var live) && live.Number == mount.Device;

    private static ImmutableArray<PoolEvent> Compare(
        PoolState state, KernelPicture picture, ImmutableSortedDictionary<ThinId, ThinUsage> thins, DateTimeOffset at,
        ImmutableHashSet<RequestId> underWay)
    {
        var found = ImmutableArray.CreateBuilder<PoolEvent>();
        // LVM counts in the transaction id of a pool of its own.
        var isCounted = state.Identity?.Backing is not PoolBacking.Existing { OwnedByLvm: true };
        foreach (var device in state.Devices.Values.OrderBy(d => d.Id))
        {
            var inPool = thins.TryGetValue(device.Id, out var thin);
            if (inPool && isCounted && device.IsNot(thin!.CreatedIn))
            {
                found.AddRange(AnotherInItsPlace(state, device, thin, at));
                continue;
            }
            // An import or a reception that was interrupted has no caller any more, and a half-made snapshot of the
            // stock never had one: they are undone, whatever the pool has of them.
            if (device.Phase != DevicePhase.Removing && device.Key.IsUnfinished && !IsUnderWay(device, underWay)
                || device is { Phase: DevicePhase.Creating, Key.IsStock: true })
                found.Add(new PoolEvents.RemovalIntended(Request: null, device.Id, at));
            else if (device.Phase == DevicePhase.Ready && !inPool)
                found.Add(new PoolEvents.Lost(device.Id, at));
            else if (device.Phase == DevicePhase.Lost && inPool)
            {
                // What was in quarantine under its id has gone with the metadata that had it.
                if (state.Ledger.Quarantine.ContainsKey(device.Id))
                    found.Add(new PoolEvents.Purged(device.Id, at));
                found.Add(new PoolEvents.Found(device.Id, at));
            }
            else if (device.Phase == DevicePhase.Removing && !inPool && !picture.Live.ContainsKey(device.Id))
                found.Add(new PoolEvents.Removed(device.Id, at));
        }
        found.AddRange(state.Views.Values
            .Where(view => view.Key.Space == DeviceKey.TransferSpace
                && !(WorkUnderWay.OwnerOf(view) is { } owner && underWay.Contains(owner)))
            .Select(view => new PoolEvents.ViewRemoved(Request: null, view.Key, at)));
        found.AddRange(PoolDecider.RemoveUnneededImports(
            found.Aggregate(state, (s, e) => s.Apply(e)), at, layer => IsUnderWay(layer, underWay)));
        // Who asks again for what is undone here is not to hear that it was done.
        var undone = found.OfType<PoolEvents.RemovalIntended>().Select(removal => (ThinId?)removal.Id).ToHashSet();
        found.AddRange(state.Requests.Order
            .Where(request => state.Requests.Knows(request, out var subject) && subject is not null
                && undone.Contains(subject))
            .Select(request => new PoolEvents.RequestWithdrawn(request, at)));
        foreach (var id in thins.Keys)
        {
            if (!state.Devices.ContainsKey(id) && !state.Ledger.Quarantine.ContainsKey(id))
                found.Add(new PoolEvents.Quarantined(id, "the pool has it and the journal does not know it", at));
        }
        foreach (var id in state.Ledger.Quarantine.Keys.Where(id => !thins.ContainsKey(id)))
            found.Add(new PoolEvents.Purged(id, at));
        return found.ToImmutable();
    }

    private static bool IsUnderWay(DeviceRecord device, ImmutableHashSet<RequestId> underWay) =>
        WorkUnderWay.OwnerOf(device) is { } owner && underWay.Contains(owner);

    /// <summary>
    /// The pool has a device under this one's thin id that it made before this one was asked for: its metadata are of
    /// an earlier time. This one is lost, or at its end where it was to go in any case; the other one is nobody's, and
    /// nothing that was meant for this one is done to it.
    /// </summary>
    private static ImmutableArray<PoolEvent> AnotherInItsPlace(
        PoolState state, DeviceRecord device, ThinUsage thin, DateTimeOffset at)
    {
        var why = $"the pool made it in transaction {thin.CreatedIn}, and {device.Key} under this id in "
            + $"{device.CreatedIn} or later: it is another device";
        var quarantined = new PoolEvents.Quarantined(device.Id, why, at);
        // What was interrupted before it was whole, and what is made before a request, have no owner that hears of a
        // loss.
        if (device.Phase == DevicePhase.Removing || device.Key.IsUnfinished || device.Key.IsStock)
            return [new PoolEvents.Removed(device.Id, at), quarantined];
        return device.Phase switch
        {
            DevicePhase.Creating => [new PoolEvents.CreationFailed(device.Id, why, InDoubt: true, at)],
            DevicePhase.Ready => [new PoolEvents.Lost(device.Id, at), quarantined],
            _ => state.Ledger.Quarantine.ContainsKey(device.Id) ? [] : [quarantined],
        };
    }
}

/// <summary>An intent to create that has no outcome.</summary>
/// <param name="Id">The device.</param>
/// <param name="InPool">The pool has its thin id: the kernel did at least that.</param>
public sealed record PendingCreation(ThinId Id, bool InPool);
