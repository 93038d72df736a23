using System.Net;
using System.Net.Sockets;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Containerd.Snapshots.V1;

namespace DmAgents.Agent.Tests;

public sealed class MetricsTests
{
    [Fact]
    public async Task Prometheus_is_told_of_pools_and_of_containerds_calls()
    {
        var port = FreePort();
        await using var agent = await ServedAgent.Start($"metrics.listen = \"127.0.0.1:{port}\"");
        await agent.Snapshots.PrepareAsync(new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = "a" });
        using var client = new HttpClient();

        var text = await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"));

        Assert.Contains("dmagents_pool_data_total_bytes{", text, StringComparison.Ordinal);
        Assert.Contains("pool=\"test-pool\",state=\"Writable\"", text, StringComparison.Ordinal);
        Assert.Contains("kind=\"container\",pool=\"test-pool\"} 1", text, StringComparison.Ordinal);
        Assert.Contains("dmagents_pool_stock_claims_total{", text, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^dmagents_transfer_sent_bytes_total\S* 0( |$)", text);
        Assert.Contains("method=\"Prepare\",status=\"OK\"} 1", text, StringComparison.Ordinal);
        using var other = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/"));
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
