using System.Diagnostics.Metrics;
using DmAgents.Transfer.Pacing;

namespace DmAgents.Agent.Metrics;

/// <summary>Metrics of what this host sends to other hosts of its fleet.</summary>
internal sealed class TransferMeters
{
    public TransferMeters(IMeterFactory factory, HostBandwidth bandwidth) =>
        factory.Create(PoolMeters.Name).CreateObservableCounter(
            "dmagents.transfer.sent", () => bandwidth.Sent, "By",
            "Bytes of layers that were sent to other hosts since the agent's start");
}
