using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>Thin and linear devices.</summary>
public sealed partial class SimulatedKernel
{
    public KernelResult<LiveDevice> ActivateThin(ThinTable table) => Run<LiveDevice>("create", table.Name, () =>
    {
        if (_mapped.IsTaken(table.Name, table.Uuid))
            return (Errno.Exists, null);
        if (PoolOf(table, out var errno) is not { } pool)
            return (TakeBack(table.Name, errno), null);
        var device = _mapped.Create(table.Name, table.Uuid);
        device.Load(new ThinTarget(device, pool, table));
        _mapped.Add(device);
        return (Errno.None, device.Describe());
    });

    public KernelResult ReloadThin(ThinTable table) => Run("load", table.Name, () =>
    {
        if (_mapped.Find(table.Name) is not { } device)
            return Errno.NoDeviceOrAddress;
        if (PoolOf(table, out var errno) is not { } pool)
            return errno;
        device.Load(new ThinTarget(device, pool, table));
        Resume(device);
        return Errno.None;
    });

    public KernelResult<LiveDevice> OpenLinear(LinearTable table) => Run<LiveDevice>("create", table.Name, () =>
    {
        if (_mapped.IsTaken(table.Name, table.Uuid))
            return (Errno.Exists, null);
        if (PartsOf(table, out var errno) is not { } parts)
            return (TakeBack(table.Name, errno), null);
        var device = _mapped.Create(table.Name, table.Uuid);
        device.Load(new LinearTarget(device, parts));
        _mapped.Add(device);
        return (Errno.None, device.Describe());
    });

    public KernelResult ReloadLinear(LinearTable table) => Run("load", table.Name, () =>
    {
        if (_mapped.Find(table.Name) is not { } device)
            return Errno.NoDeviceOrAddress;
        if (PartsOf(table, out var errno) is not { } parts)
            return errno;
        device.Load(new LinearTarget(device, parts));
        Resume(device);
        return Errno.None;
    });

    public KernelResult<LiveDevice> Find(MappedName name) => Run("info", name, () =>
        _mapped.Find(name) is { } device ? (Errno.None, device.Describe()) : (Errno.NoDeviceOrAddress, null));

    public KernelResult<TableState> Compare(ThinTable table) => Run<TableState>("table", table.Name, () =>
    {
        if (_mapped.Find(table.Name) is not { } device)
            return (Errno.NoDeviceOrAddress, null);
        if (FindPool(table.Pool, out var errno) is not { } pool)
            return (errno, null);
        var thin = device.Target as ThinTarget;
        var maps = thin is not null && thin.Pool == pool && thin.Table.Id == table.Id;
        return (Errno.None, new TableState(
            device.Describe(), maps,
            maps && thin!.Length == table.Length && thin.ReadOnly == table.ReadOnly,
            thin is null ? "another target" : $"0 {thin.Length} thin {thin.Pool.Owner.Number} {thin.Table.Id}"));
    });

    public KernelResult<TableState> Compare(LinearTable table) => Run<TableState>("table", table.Name, () =>
    {
        if (_mapped.Find(table.Name) is not { } device)
            return (Errno.NoDeviceOrAddress, null);
        if (table.Segments.Any(segment => Locate(segment.Device) is null))
            return (Errno.NoDevice, null);
        var given = table.Segments.Select(segment => new LinearTarget.Part(
            Locate(segment.Device)!, segment.Start.Bytes.Bytes, segment.Length.Bytes.Bytes)).ToList();
        var linear = device.Target as LinearTarget;
        return (Errno.None, new TableState(
            device.Describe(), linear?.MapsAlike(given) ?? false, linear?.Parts.SequenceEqual(given) ?? false,
            linear?.ToString() ?? "another target"));
    });

    public KernelResult<IReadOnlyList<LiveDevice>> ListDevices(string uuidStart) =>
        Run<IReadOnlyList<LiveDevice>>("list", uuidStart, () => (Errno.None, [.. _mapped.All
            .Select(device => device.Describe()).Concat(_mapped.WithoutTable)
            .Where(device => device.Uuid.Value.StartsWith(uuidStart, StringComparison.Ordinal))]));

    public KernelResult Suspend(MappedName name, bool freeze) => Run("suspend", name, () =>
    {
        if (_mapped.Find(name) is not { } device)
            return Errno.NoDeviceOrAddress;
        if (device.IsSuspended)
            return Errno.None;
        var errno = freeze && device.FileSystem is { } mounted ? mounted.Freeze() : Errno.None;
        if (errno == Errno.None)
            device.Suspend();
        return errno;
    });

    public KernelResult Resume(MappedName name) => Run("resume", name, () =>
    {
        if (_mapped.Find(name) is not { } device)
            return Errno.NoDeviceOrAddress;
        Resume(device);
        return Errno.None;
    });

    public KernelResult Remove(MappedName name, bool deferred) => Run("remove", name, () =>
    {
        if (_mapped.RemoveWithoutTable(name))
            return Errno.None;
        if (_mapped.Find(name) is not { } device)
            return Errno.NoDeviceOrAddress;
        if (device.OpenCount == 0)
            _mapped.Remove(device);
        else if (!deferred)
            return Errno.Busy;
        else
            device.RemovalDeferred = true;
        return Errno.None;
    });

    public KernelResult<IDeviceEvents> WatchEvents() =>
        KernelResult.Found<IDeviceEvents>(new Watch(this));

    public KernelResult<ByteSize> MappedBytes(MappedName thin) => Run("status", thin, () =>
        _mapped.Find(thin)?.Target switch
        {
            null => (Errno.NoDeviceOrAddress, default),
            ThinTarget { Mapped: { } mapped } => (Errno.None, mapped),
            ThinTarget => (Errno.Io, default),
            _ => (Errno.Invalid, default(ByteSize)),
        });

    public KernelResult<IReadOnlyList<DeviceHolder>> Holders(LiveDevice device) =>
        Run<IReadOnlyList<DeviceHolder>>("holders", device.Name, () =>
        {
            if (_mapped.Find(device.Name) is not { } found)
                return (Errno.None, []);
            var targets = _mounts.TargetsOf(found).ToList();
            var users = _directoryUsers.Where(user => targets.Any(target => IsWithin(user.File, target)))
                .Select(user => new DeviceHolder("open file", user.File, user.ProcessId) { Command = user.Name });
            var mounts = targets.Select(target => new DeviceHolder("mount", target.Value, Environment.ProcessId));
            var above = found.Above.Distinct().Select(other => new DeviceHolder("device", other.Name.Value, null));
            return (Errno.None, [.. users, .. above, .. mounts]);
        });

    /// <summary>What someone left without a table goes, too, when it cannot be given one.</summary>
    private Errno TakeBack(MappedName name, Errno errno)
    {
        _mapped.RemoveWithoutTable(name);
        return errno;
    }

    private static void Resume(MappedDevice device)
    {
        device.Resume();
        device.FileSystem?.Thaw();
    }

    private SimulatedPool? PoolOf(ThinTable table, out Errno errno)
    {
        var pool = FindPool(table.Pool, out errno);
        if (pool is null)
            return null;
        errno = pool.Mode == SimulatedPoolMode.Fail || table.Length.Value == 0 ? Errno.Invalid
            : pool.Current.Thins.ContainsKey(table.Id.Value) ? Errno.None
            : Errno.NoData;
        return errno == Errno.None ? pool : null;
    }

    private ImmutableArray<LinearTarget.Part>? PartsOf(LinearTable table, out Errno errno)
    {
        errno = table.Segments.IsDefaultOrEmpty ? Errno.Invalid : Errno.None;
        if (errno != Errno.None)
            return null;
        var parts = ImmutableArray.CreateBuilder<LinearTarget.Part>();
        foreach (var segment in table.Segments)
        {
            var device = Locate(segment.Device);
            errno = device switch
            {
                null => Errno.NoDevice,
                { FileSystem: not null } or { IsClaimed: true } => Errno.Busy,
                _ when segment.Length.Value == 0 => Errno.Invalid,
                _ when !device.Holds(segment.Start.Bytes.Bytes, segment.Length.Bytes.Bytes) => Errno.Invalid,
                _ => Errno.None,
            };
            if (errno != Errno.None)
                return null;
            parts.Add(new(device!, segment.Start.Bytes.Bytes, segment.Length.Bytes.Bytes));
        }
        return parts.ToImmutable();
    }

    private sealed class Watch : IDeviceEvents
    {
        private readonly SimulatedKernel _kernel;
        private Dictionary<MappedName, uint> _seen = [];

        public Watch(SimulatedKernel kernel)
        {
            _kernel = kernel;
            lock (_kernel._gate)
                TakeChanged();
        }

        public KernelResult<IReadOnlyList<MappedName>> Wait(TimeSpan timeout, CancellationToken cancellation)
        {
            var until = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
            using var pulse = cancellation.Register(() =>
            {
                lock (_kernel._gate)
                    Monitor.PulseAll(_kernel._gate);
            });
            lock (_kernel._gate)
            {
                while (true)
                {
                    var changed = TakeChanged();
                    var left = until - Environment.TickCount64;
                    if (changed.Count > 0 || left <= 0 || cancellation.IsCancellationRequested)
                        return KernelResult.Found<IReadOnlyList<MappedName>>(changed);
                    Monitor.Wait(_kernel._gate, TimeSpan.FromMilliseconds(left));
                }
            }
        }

        public void Dispose()
        {
        }

        private List<MappedName> TakeChanged()
        {
            var numbers = _kernel._mapped.All.ToDictionary(device => device.Name, device => device.EventNumber);
            var changed = numbers.Where(n => !_seen.TryGetValue(n.Key, out var before) || before != n.Value)
                .Select(n => n.Key).ToList();
            _seen = numbers;
            return changed;
        }
    }
}
