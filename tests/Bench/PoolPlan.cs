using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Domain.Devices;

namespace DmAgents.Bench;

/// <summary>One pool is like the other: whole disks, blocks of 64 KiB, and a base of 1 GiB with ext4.</summary>
internal static class PoolPlan
{
    public static PoolIdentity IdentityOf(IKernel kernel, string name, DiskPair disks, string state)
    {
        var (pool, blockSize) = (new PoolName(name), new PoolBlockSize(ByteSize.KiB(64)));
        var plan = new BackingPlanner(kernel).Plan(
            new PoolPaths(state, pool), new BackingRequest.Direct([disks.Data], disks.Metadata), blockSize,
            force: true);
        return plan is BackingPlan.Planned planned
            ? new PoolIdentity(
                new PoolUuid(Guid.NewGuid()), pool, planned.Backing, blockSize, FileSystemKind.Ext4,
                ByteSize.GiB(1), TimeProvider.System.GetUtcNow())
            : throw new InvalidOperationException($"pool {name}: {plan}");
    }
}
