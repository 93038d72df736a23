using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using Grpc.Core;
using Grpc.Net.Client;

namespace DmAgents.Bench.Snapshots;

/// <summary>The agent's pool, by its admin API.</summary>
internal sealed class AgentPool(GrpcChannel channel, PoolName name)
{
    /// <summary>Outcomes are written 200 ms after the operation at the latest, the files of the projection after
    /// that.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(600);

    private readonly Pools.PoolsClient _pools = new(channel);

    public MappedName Device => DeviceNames.Pool(name);

    public async Task<bool> Serves()
    {
        await _pools.ListAsync(new ListPoolsRequest());
        return true;
    }

    public async Task Create(DiskPair disks)
    {
        using var call = _pools.Create(new CreatePoolRequest
        {
            RequestId = Guid.NewGuid().ToString(),
            Name = name.Value,
            Direct = new DirectBacking { DataDevices = { disks.Data.Value }, MetadataDevice = disks.Metadata.Value },
            FileSystem = FileSystem.Ext4,
            Force = true,
        });
        await foreach (var _ in call.ResponseStream.ReadAllAsync().ConfigureAwait(false))
        {
        }
    }

    /// <summary>Returns when all removals are done, and all outcomes written.</summary>
    public async Task Settle()
    {
        while ((await _pools.ShowAsync(new ShowPoolRequest { Pool = name.Value })).PendingRemovals.Count > 0)
            await Task.Delay(20).ConfigureAwait(false);
        await Task.Delay(Pause).ConfigureAwait(false);
    }
}
