using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.ThinPools;

namespace DmAgents.Kernel.DeviceMapper;

/// <summary>Devices with thin and linear targets, through device-mapper's ioctls.</summary>
internal sealed class LinuxMappedDevices(DmDevices devices) : IMappedDevices
{
    private const string Linear = "linear";

    private readonly DmControl _control = devices.Control;

    public KernelResult<LiveDevice> ActivateThin(ThinTable table)
    {
        var target = TargetOf(table);
        if (!target.Succeeded)
            return target.Error;
        var live = devices.Bring(table.Name, table.Uuid, [target.Value], table.ReadOnly);
        return live.Succeeded ? live.Value with { ReadOnly = table.ReadOnly } : live;
    }

    public KernelResult ReloadThin(ThinTable table)
    {
        var target = TargetOf(table);
        return target.Succeeded ? devices.Swap(table.Name, [target.Value], table.ReadOnly) : target.Error;
    }

    public KernelResult<LiveDevice> OpenLinear(LinearTable table)
    {
        var targets = TargetsOf(table);
        return targets.Succeeded
            ? devices.Bring(table.Name, table.Uuid, targets.Value, readOnly: false)
            : targets.Error;
    }

    public KernelResult ReloadLinear(LinearTable table)
    {
        var targets = TargetsOf(table);
        return targets.Succeeded ? devices.Swap(table.Name, targets.Value, readOnly: false) : targets.Error;
    }

    public KernelResult<LiveDevice> Find(MappedName name) => devices.Find(name);

    public KernelResult<TableState> Compare(ThinTable table)
    {
        var target = TargetOf(table);
        return target.Succeeded
            ? Compare(table.Name, [target.Value], live => live.ReadOnly == table.ReadOnly)
            : target.Error;
    }

    public KernelResult<TableState> Compare(LinearTable table)
    {
        var targets = TargetsOf(table);
        return targets.Succeeded ? Compare(table.Name, targets.Value, _ => true) : targets.Error;
    }

    private KernelResult<TableState> Compare(
        MappedName name, IReadOnlyList<DmTarget> given, Func<LiveDevice, bool> hasMode)
    {
        var live = devices.Show(name);
        if (!live.Succeeded)
            return live.Error;
        var (device, targets) = live.Value;
        return new TableState(
            device, DmTarget.MapAlike(targets, given), targets.SequenceEqual(given) && hasMode(device),
            string.Join("; ", targets));
    }

    public KernelResult<IReadOnlyList<LiveDevice>> ListDevices(string uuidStart)
    {
        var listed = _control.List();
        if (!listed.Succeeded)
            return listed.Error;
        var found = new List<LiveDevice>();
        foreach (var device in listed.Value)
        {
            if (device.Uuid is { } uuid && !uuid.Value.StartsWith(uuidStart, StringComparison.Ordinal))
                continue;
            // Only of devices that are or may be the agent's: a name alone proves nothing.
            var live = device.Uuid is null
                ? devices.Look(device.Name)
                : devices.Nodes.Find(device.Name, () => devices.Look(device.Name));
            // The device was removed after the list was read.
            if (live.FailedWith(KernelFault.NotFound))
                continue;
            if (!live.Succeeded)
                return live.Error;
            if (live.Value.Uuid.Value.StartsWith(uuidStart, StringComparison.Ordinal))
                found.Add(live.Value);
        }
        return KernelResult.Found<IReadOnlyList<LiveDevice>>(found);
    }

    public KernelResult Suspend(MappedName name, bool freeze)
    {
        var suspended = _control.Suspend(name, freeze, flush: true);
        if (!freeze || !suspended.FailedWith(KernelFault.Invalid))
            return suspended.Outcome;
        // From 6.8 on the freeze returns EINVAL while a file system on the device is being unmounted (fs_bdev_freeze).
        // If no process has the device open any more, there is nothing to freeze.
        var device = devices.Find(name);
        return device.Succeeded && device.Value.OpenCount == 0
            ? _control.Suspend(name, freeze: false, flush: true).Outcome
            : suspended.Outcome;
    }

    public KernelResult Resume(MappedName name) => _control.Resume(name).Outcome;

    public KernelResult Remove(MappedName name, bool deferred) => devices.Remove(name, deferred);

    public KernelResult<IDeviceEvents> WatchEvents()
    {
        var events = DmEvents.Open();
        return events.Succeeded ? KernelResult.Found<IDeviceEvents>(events.Value) : events.Error;
    }

    public KernelResult<ByteSize> MappedBytes(MappedName thin)
    {
        var reply = _control.Status(thin, flush: false);
        if (!reply.Succeeded)
            return reply.Error;
        if (reply.Value.Targets() is not [{ Type: ThinStatusText.TargetType } target])
            return new KernelError(KernelFault.Invalid, 0, "status", thin.Value, "not a thin device");
        return ThinStatusText.Parse(target.Text) is { State: ThinState.Mapped } status
            ? status.Mapped.Bytes
            : new KernelError(KernelFault.Failed, 0, "status", thin.Value, $"the kernel says '{target.Text}'");
    }

    public KernelResult<IReadOnlyList<DeviceHolder>> Holders(LiveDevice device) =>
        KernelResult.Found(DeviceHolders.Of(device.Number));

    /// <summary>Names the pool by number: a path in a table could mean another device.</summary>
    private KernelResult<DmTarget> TargetOf(ThinTable table)
    {
        var pool = _control.Info(table.Pool);
        if (!pool.Succeeded)
            return pool.Error;
        var text = string.Create(CultureInfo.InvariantCulture, $"{pool.Value.Number} {table.Id}");
        return new DmTarget(default, table.Length, ThinStatusText.TargetType, text);
    }

    private static KernelResult<IReadOnlyList<DmTarget>> TargetsOf(LinearTable table)
    {
        var targets = new List<DmTarget>();
        var start = default(SectorCount);
        foreach (var segment in table.Segments)
        {
            var number = BlockNodes.NumberOf(segment.Device);
            if (!number.Succeeded)
                return number.Error;
            var text = string.Create(CultureInfo.InvariantCulture, $"{number.Value} {segment.Start}");
            targets.Add(new DmTarget(start, segment.Length, Linear, text));
            start += segment.Length;
        }
        return KernelResult.Found<IReadOnlyList<DmTarget>>(targets);
    }
}
