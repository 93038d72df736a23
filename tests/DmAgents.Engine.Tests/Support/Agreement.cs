using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Engine.Tests.Support;

/// <summary>The invariant whenever nothing is under way: journal, pool and live devices agree.</summary>
internal static class Agreement
{
    /// <summary>The violations, in words; empty if there are none.</summary>
    public static IEnumerable<string> Broken(
        TestHost host, PoolPhase phase, string reason, PoolState state,
        ImmutableSortedDictionary<ThinId, string> problems) => phase != PoolPhase.Open
        ? [$"the pool is {phase}: {reason}"]
        : InPool(host, state)
            .Concat(Live(host, state))
            .Concat(Mounted(host, state))
            .Concat(host.Kernel.CheckInvariants())
            .Concat(host.Kernel.UnsafeSnapshots.Select(s => $"a snapshot of a running device: {s}"))
            .Concat(problems.Select(p => $"problem {p.Key}: {p.Value}"));

    private static IEnumerable<string> InPool(TestHost host, PoolState state)
    {
        var thins = host.Thins.ToHashSet();
        foreach (var device in state.Devices.Values)
        {
            if (device.Phase is DevicePhase.Creating or DevicePhase.Removing)
                yield return $"{device.Key} is still {device.Phase}";
            else if (device.Phase == DevicePhase.Ready && !thins.Contains(device.Id))
                yield return $"{device.Key} is not in the pool";
            if (device.GrowingTo is not null)
                yield return $"{device.Key} is still growing";
        }
        foreach (var id in thins.Except(state.Devices.Keys).Except(state.Ledger.Quarantine.Keys))
            yield return $"the pool has {id}, which nobody knows";
        if (state.Purging.Count > 0)
            yield return $"{string.Join(", ", state.Purging)} are still being purged";
        var found = host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId;
        if (!state.Checkpoint.Allows(found))
            yield return $"the pool's transaction id is {found}, the journal's {state.Checkpoint}";
    }

    private static IEnumerable<string> Live(TestHost host, PoolState state)
    {
        var live = host.Kernel.ListDevices($"{DeviceNames.UuidPrefix}{TestHost.PoolUuid}-").Value;
        foreach (var device in live.Where(d => d.Suspended))
            yield return $"{device.Name} is suspended";
        var thins = live.Where(d => DeviceNames.ThinIdOf(TestHost.PoolUuid, d.Uuid) is not null)
            .ToDictionary(d => DeviceNames.ThinIdOf(TestHost.PoolUuid, d.Uuid)!.Value);
        foreach (var (id, device) in thins)
        {
            if (state.Devices.GetValueOrDefault(id) is not { Use: not DeviceUse.Idle } wanted)
                yield return $"{device.Name} is live, and no record wants that";
            else if (device.ReadOnly != wanted.ReadOnly || device.Length != wanted.Size.Sectors)
                yield return $"{device.Name} is not as {wanted.Key} is wanted";
        }
        foreach (var device in state.Devices.Values.Where(d => d.IsPresent && d.Use != DeviceUse.Idle))
        {
            if (!thins.ContainsKey(device.Id))
                yield return $"{device.Key} is to be {device.Use}, and is not live";
        }
    }

    private static IEnumerable<string> Mounted(TestHost host, PoolState state)
    {
        var mounts = host.Kernel.Mounts().Value.ToDictionary(m => m.Target);
        foreach (var device in state.Devices.Values.Where(d => d.IsPresent && d.Use == DeviceUse.Mounted))
        {
            var live = host.Kernel.Find(TestHost.Thin(device.Id));
            if (!mounts.Remove(TestHost.MountOf(device.Key), out var mount)
                || !live.Succeeded || mount.Device != live.Value.Number)
                yield return $"{device.Key} is not mounted in its place";
        }
        foreach (var target in mounts.Keys.Where(
            t => t.Value.StartsWith(TestHost.StateDirectory, StringComparison.Ordinal)))
            yield return $"{target} is mounted, and no record wants that";
    }
}
