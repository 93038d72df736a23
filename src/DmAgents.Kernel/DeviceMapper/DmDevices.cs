using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.DeviceMapper;

/// <summary>Operations of several ioctls: creating a device with its table and node, and replacing a table. A failure
/// half way is undone.</summary>
internal sealed class DmDevices(DmControl control)
{
    public DmControl Control { get; } = control;

    public DmNodes Nodes { get; } = new();

    /// <summary>Create, load, resume, node. Exists if the name or the uuid is live. A crash after the create leaves a
    /// device without a table; this method then continues with the load.</summary>
    public KernelResult<LiveDevice> Bring(
        MappedName name, MappedUuid uuid, IReadOnlyList<DmTarget> table, bool readOnly)
    {
        var created = Control.Create(name, uuid);
        // The kernel returns EBUSY if the name or uuid is taken (dm_hash_insert).
        if (!created.Succeeded && created.Error.Errno != Errno.Busy)
            return created.Error;
        if (!created.Succeeded && !WasLeftHalfMade(name, uuid))
            return created.Error with { Fault = KernelFault.Exists };
        var loaded = Control.Load(name, table, readOnly);
        if (!loaded.Succeeded)
            return TakeBack(name, loaded.Error);
        var resumed = Control.Resume(name);
        if (!resumed.Succeeded)
            return TakeBack(name, resumed.Error);
        var node = Nodes.Ensure(name, resumed.Value.Number);
        if (!node.Succeeded)
            return TakeBack(name, node.Error);
        // A resume by name returns no uuid.
        return resumed.Value.Device(name, LengthOf(table)) with { Uuid = uuid };
    }

    /// <summary>
    /// Replaces a live device's table. The resume activates it. If the kernel refuses it only then (a pool checks its
    /// metadata at that point), the device would stay suspended with the refused table. So the old table is restored.
    /// </summary>
    public KernelResult Swap(MappedName name, IReadOnlyList<DmTarget> table, bool readOnly)
    {
        var before = Control.Table(name);
        if (!before.Succeeded)
            return before.Error;
        var wasReadOnly = before.Value.Header.Flags.HasFlag(DmFlags.ReadOnly);
        var old = before.Value.Targets();
        var loaded = Control.Load(name, table, readOnly);
        if (!loaded.Succeeded)
            return loaded.Error;
        var resumed = Control.Resume(name);
        if (resumed.Succeeded)
            return Nodes.Ensure(name, resumed.Value.Number);
        if (old.Count == 0)
            return resumed.Error;
        var back = Control.Load(name, old, wasReadOnly).Outcome.Then(() => Control.Resume(name).Outcome);
        return back.Succeeded
            ? resumed.Error
            : resumed.Error with
            {
                Fault = KernelFault.Failed,
                Detail = $"the former table could not be brought back: {back.Error}",
            };
    }

    /// <summary>The device with its length. NotFound if it is not live, or has no table: then not even its node can be
    /// opened.</summary>
    public KernelResult<LiveDevice> Find(MappedName name)
    {
        var shown = Show(name);
        return shown.Succeeded ? shown.Value.Device : shown.Error;
    }

    /// <summary>As <see cref="Find"/>, with the active table.</summary>
    public KernelResult<(LiveDevice Device, IReadOnlyList<DmTarget> Table)> Show(MappedName name)
    {
        var table = Control.Table(name);
        if (!table.Succeeded)
            return table.Error;
        var targets = table.Value.Targets();
        return targets.Count == 0
            ? KernelErrors.From(Errno.NoDeviceOrAddress, "find", name.Value, "it has no table")
            : (table.Value.Device(name, LengthOf(targets)), targets);
    }

    /// <summary>The device with its length, which is zero if it has no table.</summary>
    public KernelResult<LiveDevice> Look(MappedName name)
    {
        var table = Control.Table(name);
        return table.Succeeded ? table.Value.Device(name, LengthOf(table.Value.Targets())) : table.Error;
    }

    public KernelResult Remove(MappedName name, bool deferred) =>
        Nodes.Remove(name, () => Control.Remove(name, deferred).Outcome);

    private bool WasLeftHalfMade(MappedName name, MappedUuid uuid) =>
        Look(name) is { Succeeded: true, Value: { Length.Value: 0 } left } && left.Uuid == uuid;

    private static SectorCount LengthOf(IReadOnlyList<DmTarget> targets) =>
        targets.Aggregate(default(SectorCount), (sum, target) => sum + target.Length);

    private KernelError TakeBack(MappedName name, KernelError cause)
    {
        var removed = Control.Remove(name, deferred: false);
        return removed.Succeeded
            ? cause
            : cause with
            {
                Fault = KernelFault.Failed,
                Detail = $"what was made could not be removed: {removed.Error}",
            };
    }
}
