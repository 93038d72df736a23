using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Recovery;

/// <summary>
/// The actions that make journal, pool and live devices agree. Pure: computed from the journal's state and the actual
/// state of the kernel. After an interruption it is simply computed again.
/// </summary>
/// <param name="Findings">To be journaled first: settled intents, lost devices, orphans.</param>
/// <param name="Resume">Devices that a dead agent left suspended.</param>
/// <param name="Unmount">Mounts that no record wants.</param>
/// <param name="Deactivate">Live devices that no record wants.</param>
/// <param name="Create">Devices whose creation is missing or incomplete in the pool; a base before its
/// descendants.</param>
/// <param name="Settle">Devices whose live state differs from the record, or whose growth is unfinished.</param>
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
    /// <param name="underWay">Requests still running: their devices are left alone.</param>
    public static RecoveryPlan Make(
        PoolState state, KernelPicture picture, PoolContext pool, DateTimeOffset at,
        ImmutableHashSet<RequestId>? underWay = null)
    {
        // Without the pool's own list nothing is known about it, so nothing is created or deleted.
        ImmutableArray<PoolEvent> findings = picture.Thins is { } thins
            ? Compare(state, picture, thins, at, underWay ?? [])
            : [];
        var after = state.After(findings);
        var wanted = after.Devices.Values.Where(d => d is { Phase: DevicePhase.Ready, Use: not DeviceUse.Idle })
            .Select(d => d.Id).ToHashSet();
        // Leave a device in removal to its deletion, which can wait for its users.
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

    /// <summary>If only the agent died, most devices are right. With thousands of them, examining each again would take
    /// most of the time.</summary>
    private static bool IsAsWanted(DeviceRecord device, KernelPicture picture, MountEntry? mount) =>
        device.GrowingTo is null
        && picture.Live.TryGetValue(device.Id, out var live)
        && live is { Suspended: false, RemovalDeferred: false }
        && live.ReadOnly == device.ReadOnly && live.Length == device.Size.Sectors
        && (device.Use == DeviceUse.Mounted
            ? mount?.Device == live.Number && mount.ReadOnly == device.ReadOnly
            : mount is null);

    /// <summary>A removed device may still be mounted on the directory where its successor with the same key must be
    /// mounted.</summary>
    private static bool Owns(DeviceRecord? owner, MountEntry mount, KernelPicture picture) =>
        owner is not null && picture.Live.TryGetValue(owner.Id, out var live) && live.Number == mount.Device;

    private static ImmutableArray<PoolEvent> Compare(
        PoolState state, KernelPicture picture, ImmutableSortedDictionary<ThinId, ThinUsage> thins, DateTimeOffset at,
        ImmutableHashSet<RequestId> underWay)
    {
        var found = ImmutableArray.CreateBuilder<PoolEvent>();
        // LVM uses the transaction id of its own pools itself.
        var isCounted = state.Identity?.Backing is not PoolBacking.Existing { OwnedByLvm: true };
        foreach (var device in state.Devices.Values.OrderBy(d => d.Id))
        {
            var inPool = thins.TryGetValue(device.Id, out var thin);
            if (inPool && isCounted && device.IsNot(thin!.CreatedIn))
            {
                found.AddRange(AnotherInItsPlace(state, device, thin, at));
                continue;
            }
            // An interrupted import or reception has no caller any more, and an unfinished stock snapshot never had
            // one: undo them, whatever the pool has of them.
            if (device.Phase != DevicePhase.Removing && device.Key.IsUnfinished && !IsUnderWay(device, underWay)
                || device is { Phase: DevicePhase.Creating, Key.IsStock: true })
                found.Add(new PoolEvents.RemovalIntended(Request: null, device.Id, at));
            else if (device.Phase == DevicePhase.Ready && !inPool)
                found.Add(new PoolEvents.Lost(device.Id, at));
            else if (device.Phase == DevicePhase.Lost && inPool)
            {
                // The quarantined device under its id was in the replaced metadata, and is gone with them.
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
        var after = state.After(found);
        found.AddRange(PoolDecider.RemoveUnneededImports(
            after, at, after.Devices.Values.Where(layer => !IsUnderWay(layer, underWay))));
        // A retry of an undone request must not get the answer that it was done.
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
    /// Under this device's thin id the pool has a device that it created before this one was requested: its metadata
    /// are older. This device is lost, or finished if it was in removal anyway. The other device is quarantined, and
    /// nothing intended for this device is applied to it.
    /// </summary>
    private static ImmutableArray<PoolEvent> AnotherInItsPlace(
        PoolState state, DeviceRecord device, ThinUsage thin, DateTimeOffset at)
    {
        var why = $"the pool made it in transaction {thin.CreatedIn}, and {device.Key} under this id in "
            + $"{device.CreatedIn} or later: it is another device";
        var quarantined = new PoolEvents.Quarantined(device.Id, why, at);
        // An unfinished device or one of the stock has no owner to report a loss to.
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

/// <summary>An intent to create without an outcome.</summary>
/// <param name="Id">The device.</param>
/// <param name="InPool">The pool has its thin id: the kernel did at least that.</param>
public sealed record PendingCreation(ThinId Id, bool InPool);
