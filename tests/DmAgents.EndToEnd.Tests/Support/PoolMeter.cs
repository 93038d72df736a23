using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>A pool's own counters, read beside the agent.</summary>
internal sealed class PoolMeter(LinuxKernel kernel, AgentClient client, AgentPlaces places, string pool)
{
    public const ulong BlockSize = 64 * 1024;

    private MappedName Device => DeviceNames.Pool(new PoolName(pool));

    /// <summary>
    /// Data blocks in use, once all mounted file systems of the pool are written back and all removals done. ext4
    /// writes its superblock some time after a mount and after a sync: at rest is what a second sync leaves as it is.
    /// </summary>
    public async Task<ulong> UsedBlocks()
    {
        await AwaitRemovals();
        ulong? used = null;
        await Patience.Until(
            () =>
            {
                Sync();
                var before = used;
                used = Status.Data.Used;
                return used == before;
            },
            $"pool {pool} comes to rest");
        return used!.Value;
    }

    public ThinPoolStatus Status => kernel.PoolStatus(Device).Must();

    /// <summary>What each thin id maps, and has for itself alone: "3: 812 of 2714".</summary>
    public async Task<string> Usage()
    {
        await UsedBlocks();
        return string.Join(", ", OfSnapshot(() => kernel.MeasureThins(Device))
            .Select(thin => $"{thin.Id}: {thin.ExclusiveBlocks} of {thin.MappedBlocks}"));
    }

    public IReadOnlyList<uint> ThinIds() =>
        [.. OfSnapshot(() => kernel.ListThins(Device)).Select(thin => thin.Id.Value)];

    /// <summary>Waits while the agent reads by the metadata's snapshot: a pool has one.</summary>
    private static T OfSnapshot<T>(Func<KernelResult<T>> read)
    {
        var found = read();
        if (found.FailedWith(KernelFault.Busy))
            SpinWait.SpinUntil(() => !(found = read()).FailedWith(KernelFault.Busy), Patience.Limit);
        return found.Must();
    }

    /// <summary>Thin ids and blocks, to compare before and after.</summary>
    public async Task<(string Ids, ulong Blocks)> Content()
    {
        var blocks = await UsedBlocks();
        return (string.Join(' ', ThinIds()), blocks);
    }

    /// <summary>What the pool's data file takes of the host's file system; of a loop pool.</summary>
    public ByteSize HostAllocated => kernel.InspectFile(new LoopFile($"{places.Pool(pool)}/data.img")).Must().Allocated;

    public Task AwaitRemovals() => Patience.Until(
        async () => (await client.Show(pool)).PendingRemovals.Count == 0, $"the removals of pool {pool} end");

    private void Sync()
    {
        var below = places.Pool(pool) + "/";
        foreach (var mount in kernel.Mounts().Must().Where(
            mount => mount.Target.Value.StartsWith(below, StringComparison.Ordinal)))
            kernel.SyncFileSystem(mount.Target).Must();
    }
}
