using System.Net.Security;
using System.Net.Sockets;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Agent.Spread;
using DmAgents.Agent.Tests.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Tests.Logs;

/// <summary>What is retried is logged once while nothing changes.</summary>
public sealed class RepeatedEventTests
{
    private static readonly HostName Other = new("host2");

    [Fact]
    public async Task A_host_that_stays_silent_is_named_once()
    {
        var (clock, log) = (new ManualClock(), new NamesLog<LayerHolders>());
        await using var holders = new LayerHolders(
            new Unreachable(), _ => Task.FromResult<IReadOnlyList<HostName>>([Other]), TimeSpan.FromSeconds(2), clock,
            log);

        for (var times = 0; times < 3; times++)
        {
            Assert.Empty(await holders.AskAsync(new ContentDigest(new byte[ContentDigest.Length]), default));
            clock.Advance(TimeSpan.FromSeconds(6));
        }

        Assert.Equal(["host-silent"], log.Names);
    }

    [Fact]
    public async Task A_fault_that_ends_each_connection_is_logged_once_in_a_while()
    {
        await using var agent = await ServedAgent.Start("");
        var log = new NamesLog<FleetListener>();
        var listener = new FleetListener(agent.Get<AgentSettings>(), TimeProvider.System, log);
        var address = FleetAgents.NextAddress();
        using var end = new CancellationTokenSource();
        var served = 0;
        var running = listener.RunAsync(
            address, "tests",
            (_, _) =>
            {
                Interlocked.Increment(ref served);
                throw new InvalidOperationException("a fault of the agent");
            },
            end.Token);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (Volatile.Read(ref served) < 3)
        {
            using var client = new TcpClient();
            if (log.Names.Contains("port-opened"))
                await client.ConnectAsync(address.Host, address.Port, patience.Token);
            await Task.Delay(20, patience.Token);
        }
        await end.CancelAsync();
        await running;

        Assert.Single(log.Names, name => name == "connection-fault");
    }

    [Fact]
    public async Task A_copy_that_stays_is_logged_once_for_each_reason()
    {
        await using var agent = await ServedAgent.Start("");
        var log = new NamesLog<ReleaseOrders>();
        var orders = new ReleaseOrders(
            agent.Get<PoolGateway>(), agent.Get<DropQuestions>(), agent.Get<FleetMadeImages>(), TimeProvider.System,
            log);
        var image = new ImageReference("app:1");

        foreach (var why in new[] { "it is mounted", "it is mounted", "the disk is full" })
            orders.NoteStays(image, new Refusal(RefusalKind.Failed, "cannot remove image", "app:1", why, "wait"));

        Assert.Equal(["fleet-copy-not-removed", "fleet-copy-not-removed"], log.Names);
    }

    private sealed class Unreachable : ILayerPeers
    {
        public LayerPeer? Self => null;

        public IEnumerable<HostName> Reached => [Other];

        public bool Knows(HostName host) => true;

        public Task<Stream> ConnectAsync(
            HostName host, SslApplicationProtocol protocol, CancellationToken cancellation) =>
            Task.FromException<Stream>(new IOException("no route"));
    }
}
