using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>What every effect on a pool has to know of it.</summary>
/// <param name="Identity">Who the pool is.</param>
/// <param name="Paths">Where its files are.</param>
/// <param name="DiscardOnRemove">A removed device's own blocks are discarded, so that a disk or loop file below gets
/// them back, before its thin id is deleted (deleting alone passes nothing down).</param>
public sealed record PoolContext(PoolIdentity Identity, PoolPaths Paths, bool DiscardOnRemove)
{
    /// <summary>A removed device with more blocks of its own than this has them discarded before its thin id is
    /// deleted; null: none has.</summary>
    public ByteSize? DiscardAbove { get; init; } = DiscardOnRemove ? ByteSize.Zero : null;

    /// <summary>The kernel tells when less than this of the data blocks is free.</summary>
    public double LowWaterPercent { get; init; } = 10;

    /// <summary>What keeps Docker off a pool that was its own; null where there is nothing to keep it off.</summary>
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
