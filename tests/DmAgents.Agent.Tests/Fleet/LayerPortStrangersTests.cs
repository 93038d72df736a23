using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>What comes to a member's port for layers and is no question of a member.</summary>
public sealed class LayerPortStrangersTests : IAsyncLifetime
{
    private static readonly HostName One = new("host1");

    private readonly FleetAgents _fleet = new();
    private readonly List<TcpClient> _clients = [];
    private ServedAgent[] _agents = null!;

    private ILayerPeers Peers => _agents[1].Get<ILayerPeers>();

    private MemberAddress Port => FleetPorts.LayersOf(FleetAgents.AddressOf(_agents[0]));

    public async Task InitializeAsync() => _agents = await _fleet.Form(2);

    public async Task DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await _fleet.DisposeAsync();
    }

    [Fact]
    public async Task Strangers_are_left_without_an_answer_and_a_member_is_served()
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        var plain = await Connect(patience.Token);
        await plain.WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n"), patience.Token);
        await Ends(plain, patience.Token);

        await using var nameless = new SslStream(await Connect(patience.Token));
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "web1", EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [LayerProtocols.Images],
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
        };
        // In TLS 1.3 the client's side of the handshake may end before the server refuses it.
        if (await Record.ExceptionAsync(() => nameless.AuthenticateAsClientAsync(options, patience.Token)) is null)
            await Ends(nameless, patience.Token);

        await IsServed(patience.Token);
    }

    [Fact]
    public async Task What_is_no_message_of_a_protocol_ends_its_connection_alone()
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        await Assert.ThrowsAsync<IOException>(
            () => Peers.ConnectAsync(One, new SslApplicationProtocol("dmagents-blocks/99"), patience.Token));
        foreach (var protocol in new[] { LayerProtocols.Blocks, LayerProtocols.Images, LayerProtocols.Layers })
        {
            for (var seed = 0; seed < 5; seed++)
            {
                await using var connection = await Peers.ConnectAsync(One, protocol, patience.Token);
                var garbage = new byte[100_000];
                new Random(seed).NextBytes(garbage);
                // A length that is far too large, first: the other side closes in the midst of it.
                garbage[3] = 0x7f;
                await Record.ExceptionAsync(() => connection.WriteAsync(garbage, patience.Token).AsTask());
                await Ends(connection, patience.Token);
            }
        }

        await IsServed(patience.Token);
    }

    [Fact]
    public async Task However_many_strangers_say_nothing_a_member_is_served()
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        // More than the port serves at once, from an address of their own.
        for (var number = 0; number < 300; number++)
            await Connect(patience.Token, IPAddress.Parse("127.250.0.1"));

        await IsServed(patience.Token);
    }

    private async Task<NetworkStream> Connect(CancellationToken patience, IPAddress? from = null)
    {
        var client = new TcpClient(new IPEndPoint(from ?? IPAddress.Loopback, 0));
        _clients.Add(client);
        await client.ConnectAsync(Port.Host, Port.Port, patience);
        return client.GetStream();
    }

    /// <summary>The greeting comes.</summary>
    private async Task IsServed(CancellationToken patience)
    {
        await using var connection = await Peers.ConnectAsync(One, LayerProtocols.Blocks, patience);
        Assert.Equal(1, await connection.ReadAsync(new byte[1], patience));
    }

    private static async Task Ends(Stream connection, CancellationToken patience)
    {
        var buffer = new byte[1024];
        try
        {
            while (await connection.ReadAsync(buffer, patience) > 0)
            {
            }
        }
        catch (IOException)
        {
        }
    }
}
