using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>The faults of a world after a recovery, in words.</summary>
internal static class Verdict
{
    private static readonly MountPath Lookout = new("/lookout");

    /// <summary>Checks that journal, pool and live devices agree, and that the pool is as expected, bit for
    /// bit.</summary>
    public static IEnumerable<string> Faults(World world, Expected expected) =>
        Agreement(world).Concat(Differences(world, expected)).Concat(Contents(world, expected));

    /// <summary>The disagreements, independent of the expectation.</summary>
    public static IEnumerable<string> Agreement(World world)
    {
        var (state, pool, kernel) = (world.Machine.State, world.Machine.Context, world.Simulated);
        var kernels = kernel.CheckInvariants().Concat(kernel.UnsafeSnapshots);
        foreach (var broken in PoolInvariants.Broken(state).Concat(kernels))
            yield return broken;
        foreach (var device in state.Devices.Values.Where(d => d.Phase != DevicePhase.Ready || d.GrowingTo is not null))
            yield return $"{device.Key} ({device.Id}) is {device.Phase}, growing to {device.GrowingTo}";
        var known = state.Devices.Keys.Concat(state.Ledger.Quarantine.Keys).Order();
        var inPool = kernel.ListThins(pool.Device).Value.Select(t => t.Id).Order();
        if (!known.SequenceEqual(inPool))
            yield return $"the journal has ids {Join(known)}, the pool {Join(inPool)}";
        var live = kernel.ListDevices(DeviceNames.UuidPrefix).Value
            .Where(d => DeviceNames.ThinIdOf(pool.Identity.Uuid, d.Uuid) is not null).ToList();
        var wanted = state.Devices.Values.Where(d => d.Use != DeviceUse.Idle)
            .Select(d => pool.NameOf(d.Id).Value).Order();
        if (!wanted.SequenceEqual(live.Select(d => d.Name.Value).Order()))
            yield return $"live are {Join(live.Select(d => d.Name))}, wanted {Join(wanted)}";
        foreach (var device in live.Where(d => d.Suspended || d.RemovalDeferred))
            yield return $"{device.Name} is left suspended or about to go";
        var mounts = kernel.Mounts().Value
            .Select(m => $"{m.Target} {live.Find(d => d.Number == m.Device)?.Name}").Order();
        var wantedMounts = state.Devices.Values.Where(d => d.Use == DeviceUse.Mounted)
            .Select(d => $"{pool.MountOf(d)} {pool.NameOf(d.Id)}").Order();
        if (!wantedMounts.SequenceEqual(mounts))
            yield return $"mounted are {Join(mounts)}, wanted {Join(wantedMounts)}";
        var transaction = kernel.PoolStatus(pool.Device).Value.TransactionId;
        if (!state.WasOpened || state.Checkpoint.Reached != transaction)
            yield return $"the pool's transaction id is {transaction}, the journal's {state.Checkpoint}";
    }

    /// <summary>Where the journal differs from the expectation.</summary>
    public static IEnumerable<string> Differences(World world, Expected expected)
    {
        var state = world.Machine.State;
        var devices = state.Keys.Where(k => k.Key.Space != DeviceKey.BaseSpace && !k.Key.IsStock)
            .ToDictionary(k => k.Key.ToString(), k => state.Devices[k.Value]);
        foreach (var key in devices.Keys.Except(expected.Devices.Keys))
            yield return $"{key} is there, and nobody expected it";
        foreach (var (key, device) in expected.Devices)
        {
            if (!devices.TryGetValue(key, out var found))
                yield return $"{key} was acknowledged, and is missing";
            else if (found.Kind != device.Kind || found.Size != device.Size || found.Use != device.Use)
                yield return $"{key} is {found.Kind} {found.Size} {found.Use}, expected: {device}";
        }
        var images = state.Images.Values.Select(i => $"{i.Reference}={state.Devices[i.TopLayer].Key}").Order();
        var wanted = expected.Images.Select(i => $"{i.Key}:latest={i.Value}").Order();
        if (!images.SequenceEqual(wanted))
            yield return $"images are {Join(images)}, expected {Join(wanted)}";
        var views = state.Views.Values.Select(v => $"{v.Key}={state.Devices[v.Source].Key}").Order();
        var shown = expected.Views.Select(v => $"{v.Key}={v.Value}").Order();
        if (!views.SequenceEqual(shown))
            yield return $"views are {Join(views)}, expected {Join(shown)}";
        var disks = ((PoolBacking.Disks)state.Identity!.Backing).Data.Length;
        var total = world.Simulated.PoolStatus(world.Machine.Context.Device).Value.Data.TotalBytes;
        if (disks != expected.Disks || total != new ByteSize((ulong)disks * ByteSize.MiB(64).Bytes))
            yield return $"the journal has {disks} disks and the pool {total}, expected {expected.Disks} disks";
    }

    /// <summary>Files that differ from what was written.</summary>
    private static IEnumerable<string> Contents(World world, Expected expected)
    {
        var (state, pool, kernel) = (world.Machine.State, world.Machine.Context, world.Simulated);
        foreach (var (text, device) in expected.Devices)
        {
            if (!DeviceKey.TryParse(text, out var key) || state.Find(key) is not { } record
                || device.IsBlank)
                continue;
            var looked = device.Use == DeviceUse.Mounted
                ? Compare(kernel, pool.MountOf(record), device)
                : Look(world, record, device);
            foreach (var fault in looked)
                yield return $"{text}: {fault}";
        }
    }

    private static List<string> Look(World world, DeviceRecord record, ExpectedDevice device)
    {
        var (pool, kernel) = (world.Machine.Context, world.Simulated);
        var table = pool.TableOf(record) with
        {
            Name = new MappedName("test-lookout"), Uuid = new MappedUuid("test-lookout"), ReadOnly = true,
        };
        var path = record.Use == DeviceUse.Active ? pool.NameOf(record.Id).Path : table.Name.Path;
        var mounted = (record.Use == DeviceUse.Active ? KernelResult.Done : kernel.ActivateThin(table).Outcome)
            .Then(() => kernel.Mount(path, Lookout, FileSystemKind.Ext4, readOnly: true));
        var faults = mounted.Succeeded ? Compare(kernel, Lookout, device) : [$"cannot be mounted: {mounted}"];
        kernel.Unmount(Lookout, detach: false);
        kernel.Remove(table.Name, deferred: false);
        return faults;
    }

    private static List<string> Compare(
        DmAgents.Testing.Simulation.SimulatedKernel kernel, MountPath mounted, ExpectedDevice device)
    {
        var names = kernel.ListFiles(mounted);
        if (!names.Succeeded)
            return [$"cannot be listed: {names.Error}"];
        var found = names.Value.ToDictionary(n => n, n => Encoding.ASCII.GetString(kernel.ReadFile(mounted, n).Value));
        return found.OrderBy(f => f.Key, StringComparer.Ordinal).SequenceEqual(device.Files)
            ? []
            : [$"has {Join(found)}, expected {Join(device.Files)}"];
    }

    private static string Join<T>(IEnumerable<T> items) => $"[{string.Join(", ", items)}]";
}
