using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>The facts about a pool that its effects need.</summary>
/// <param name="Identity">The pool's identity.</param>
/// <param name="Paths">The paths of its files.</param>
/// <param name="DiscardOnRemove">Discards a removed device's unshared blocks before its thin id is deleted, so that the
/// disk or loop file below gets them back. Deleting the id alone passes nothing down.</param>
public sealed record PoolContext(PoolIdentity Identity, PoolPaths Paths, bool DiscardOnRemove)
{
    /// <summary>If a removed device has more unshared blocks than this, they are discarded before its thin id is
    /// deleted; null: never.</summary>
    public ByteSize? DiscardAbove { get; init; } = DiscardOnRemove ? ByteSize.Zero : null;

    /// <summary>Below this percentage of free data blocks the kernel raises an event.</summary>
    public double LowWaterPercent { get; init; } = 10;

    /// <summary>Keeps Docker off a pool that was its own; null if no guard is needed.</summary>
    public PoolGuard? Guard { get; init; }

    /// <summary>The pool's mapped device.</summary>
    public MappedName Device { get; } = Identity.Backing is PoolBacking.Existing existing
        ? existing.Pool
        : DeviceNames.Pool(Identity.Name);

    public MappedName NameOf(ThinId id) => DeviceNames.Thin(Identity.Name, id);

    public ThinTable TableOf(DeviceRecord device) => new(
        NameOf(device.Id),
        DeviceNames.ThinDeviceId(Identity.Uuid, device.Id),
        Device,
        device.Id,
        (device.GrowingTo ?? device.Size).Sectors,
        device.ReadOnly);

    public MountPath MountOf(DeviceRecord device) => Paths.MountOf(device.Key);
}
