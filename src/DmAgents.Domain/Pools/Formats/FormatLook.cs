using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Formats;

/// <summary>The result of examining a device's file system.</summary>
/// <param name="Sectors">The logical sector size of the device.</param>
/// <param name="Concern">Null if the kernel supports it.</param>
public sealed record FormatFound(FileSystemTraits Traits, ByteSize Sectors, FormatConcern? Concern);

/// <summary>Examines the file systems of a live pool. It activates a device that is not live, read-only, for this
/// purpose.</summary>
public sealed class FormatLook(IKernel kernel, PoolContext pool)
{
    /// <summary>
    /// The pool's file systems that the kernel does not support. A snapshot has the features of its origin, so only the
    /// base of each lineage is examined. File systems that the agent made are known by their format's name, without an
    /// examination.
    /// </summary>
    /// <param name="present">The pool's thin ids; null if they cannot be read.</param>
    public ImmutableArray<FormatConcern> LookAll(PoolState state, IReadOnlySet<ThinId>? present) =>
    [
        .. state.Devices.Values.Where(device => IsBeginning(device, state) && present?.Contains(device.Id) != false)
            .OrderBy(device => device.Id)
            .Select(device => Look(device.Id, device.Size, device.FileSystem)?.Concern).OfType<FormatConcern>(),
    ];

    /// <returns>Null if it cannot be examined.</returns>
    public FormatFound? Look(ThinId id, ByteSize size, FileSystemKind kind)
    {
        var name = pool.NameOf(id);
        var wasLive = kernel.Find(name).Succeeded;
        var live = wasLive
            ? KernelResult.Done
            : kernel.ActivateThin(new ThinTable(
                name, DeviceNames.ThinDeviceId(pool.Identity.Uuid, id), pool.Device, id, size.Sectors,
                ReadOnly: true)).Outcome;
        if (!live.Succeeded)
            return null;
        var found = LookAtLive(id, name, kind);
        if (!wasLive)
            kernel.Remove(name, deferred: true);
        return found;
    }

    private FormatFound? LookAtLive(ThinId id, MappedName name, FileSystemKind kind)
    {
        var traits = kernel.Traits(name.Path, kind);
        var device = kernel.Inspect(name.Path);
        if (!traits.Succeeded || !device.Succeeded)
            return null;
        var tried = traits.Value.BeyondOf(kernel.Running).IsEmpty
            ? KernelResult.Done
            : kernel.TryMount(name.Path, kind);
        return new FormatFound(
            traits.Value, device.Value.Shape.Sector, FormatConcern.Of(id, traits.Value, kernel.Running, tried));
    }

    /// <remarks>Skips a device that is yet to be activated: activating it here could end in a deferred removal below
    /// its later user.</remarks>
    private bool IsBeginning(DeviceRecord device, PoolState state) =>
        device.Phase == DevicePhase.Ready
        && (device.Use == DeviceUse.Idle || kernel.Find(pool.NameOf(device.Id)).Succeeded)
        && (device.Parent is not { } parent || !state.Devices.ContainsKey(parent))
        && !(device.Format is { } format && FileSystemFormat.Find(format) is { } known
            && known.Since <= kernel.Running);
}
