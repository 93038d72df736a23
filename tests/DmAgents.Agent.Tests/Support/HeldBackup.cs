using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Testing.Faults;

namespace DmAgents.Agent.Tests.Support;

/// <summary>A backup of the pool's metadata that has the metadata snapshot, and ends when this is disposed
/// of.</summary>
internal sealed class HeldBackup : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CallGate _gate;
    private readonly IDisposable _snapshot;
    private readonly Task<BackUpReply> _backup;

    private HeldBackup(CallGate gate, IDisposable snapshot, Task<BackUpReply> backup) =>
        (_gate, _snapshot, _backup) = (gate, snapshot, backup);

    /// <summary>Answered, or refused.</summary>
    public bool HasEnded => _backup.IsCompleted;

    public static async Task<HeldBackup> Begin(ServedAgent agent)
    {
        var gate = agent.Kernel.HoldNext(nameof(IKernel.DumpMetadata));
        var backup = new Pools.PoolsClient(agent.AdminChannel).BackUpAsync(new BackUpRequest()).ResponseAsync;
        await gate.Reached.WaitAsync(Patience);
        // The gate holds the call before its effect, and the simulated kernel takes the snapshot only then.
        var snapshot = agent.Simulated.ShareMetadataSnapshot(DeviceNames.Pool(ServedAgent.Pool));
        return new HeldBackup(gate, snapshot, backup);
    }

    public async ValueTask DisposeAsync()
    {
        _snapshot.Dispose();
        _gate.Open();
        await _backup;
    }
}
