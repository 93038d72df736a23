using DmAgents.Actors.Fleet;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Peers;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using FleetStanding = DmAgents.Api.Admin.V1.FleetStanding;
using FleetStatus = DmAgents.Api.Admin.V1.FleetStatus;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>A revoked host is out at once, everywhere, and knows why.</summary>
public sealed class FleetRevocationTests : IAsyncLifetime
{
    private readonly FleetAgents _fleet = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _fleet.DisposeAsync();

    [Fact]
    public async Task A_revoked_host_is_removed_and_refused_by_all_and_may_come_back_after_it_left()
    {
        var agents = await _fleet.Form(3);
        var gone = agents[2].Get<FleetIdentity>().Current!;

        await Client(agents[0]).RevokeAsync(new RevokeFleetHostRequest { Host = "host3" });

        await FleetAgents.IsMemberOf(agents[0], 2);
        await FleetAgents.IsMemberOf(agents[1], 2);
        // The other member asks the authority because a host has gone.
        var validator = agents[1].Get<FleetIdentity>().Current!.Validator;
        await Eventually(() => validator.Judge(gone.Certificate, expected: null) is PeerVerdict.Refused
        {
            Refusal.Reason: PeerRefusalReason.Revoked,
        });
        await Eventually(() => agents[2].Get<FleetHost>().Expulsion is not null);
        await FleetAgents.When(agents[2], status => status.Phase == FleetPhase.Outside);
        var status = await StatusOf(agents[2]);
        Assert.Equal(FleetStanding.Revoked, status.Standing);
        Assert.Contains("host3 was revoked at", status.Words, StringComparison.Ordinal);
        Assert.Contains("leave the fleet there", status.Next, StringComparison.Ordinal);
        // For a moment it is listed as removed.
        await FleetAgents.When(agents[0], seen => seen.Members.All(member => member.Name != "host3"));
        Assert.DoesNotContain((await StatusOf(agents[0])).Hosts, host => host.Host == "host3");

        await Assert.ThrowsAsync<UseCases.RefusedException>(() => FleetAgents.Join(agents[2], agents[0], "host3"));
        await Client(agents[2]).LeaveAsync(new LeaveFleetRequest());
        await FleetAgents.Join(agents[2], agents[0], "host3");

        await FleetAgents.IsMemberOf(agents[1], 3);
    }

    [Fact]
    public async Task A_revoked_host_that_asks_nothing_loses_its_connections_and_makes_no_other()
    {
        var issuer = await _fleet.Add();
        await FleetAgents.Make(issuer, "prod", "host1");
        var deaf = await _fleet.Add(services: with => with.RemoveAll<IFleetPart>());
        await FleetAgents.Join(deaf, issuer, "host2");
        await FleetAgents.IsMemberOf(issuer, 2);

        await Client(issuer).RevokeAsync(new RevokeFleetHostRequest { Host = "host2" });

        await FleetAgents.IsMemberOf(issuer, 1);
        await FleetAgents.When(deaf, status => status.Failures > 0);
        var refused = (await FleetAgents.When(issuer, status => !status.Refused.IsEmpty)).Refused[0];
        Assert.Contains("host2 was revoked at", refused.Why, StringComparison.Ordinal);
        Assert.Contains((await StatusOf(issuer)).RefusedPeers, peer => peer.Why == refused.Why);
    }

    [Fact]
    public async Task A_revoked_host_loses_a_connection_for_layers_that_it_has_and_its_own_ports_close()
    {
        var agents = await _fleet.Form(2);
        var layers = FleetPorts.LayersOf(FleetAgents.AddressOf(agents[1]));
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        await using var connection = await agents[1].Get<ILayerPeers>().ConnectAsync(
            new HostName("host1"), LayerProtocols.Blocks, patience.Token);
        await using var other = await agents[0].Get<ILayerPeers>().ConnectAsync(
            new HostName("host2"), LayerProtocols.Blocks, patience.Token);
        // The greeting: the handshake is over on both sides.
        var buffer = new byte[1];
        Assert.Equal(1, await connection.ReadAsync(buffer, patience.Token));
        Assert.Equal(1, await other.ReadAsync(buffer, patience.Token));

        await Client(agents[0]).RevokeAsync(new RevokeFleetHostRequest { Host = "host2" });

        await Ends(connection, patience.Token);
        await Eventually(() => agents[1].Get<FleetHost>().Expulsion is not null);
        await Ends(other, patience.Token);
        await Eventually(() => IsClosed(layers));
    }

    [Fact]
    public async Task A_revocation_that_a_member_missed_is_learned_at_its_next_start()
    {
        var agents = await _fleet.Form(3);
        await agents[1].Stop();
        await FleetAgents.IsMemberOf(agents[0], 2);
        await Client(agents[0]).RevokeAsync(new RevokeFleetHostRequest { Host = "host3" });
        await FleetAgents.IsMemberOf(agents[0], 1);

        var next = _fleet.Replace(agents[1], await agents[1].Next());

        await FleetAgents.IsMemberOf(next, 2);
        await Eventually(() => next.Get<FleetIdentity>().Current!.Trust.Current.Revocations.Number == 1);
        await Eventually(() => next.Get<FleetHost>().Known!.Members.Values
            .All(member => member.Host != new HostName("host3")));
    }

    [Fact]
    public async Task A_fleet_whose_other_host_is_gone_for_good_goes_on_once_that_is_revoked()
    {
        var agents = await _fleet.Form(2);
        await agents[1].Stop();
        await FleetAgents.IsMemberOf(agents[0], 1);
        await agents[0].Stop();
        var next = _fleet.Replace(agents[0], await agents[0].Next());
        // The other might have the fleet: it is waited for.
        await FleetAgents.When(next, status => status.Phase == FleetPhase.Joining);
        var awaited = FleetAgents.AddressOf(agents[1]).ToString();
        Assert.Contains(awaited, (await StatusOf(next)).Words, StringComparison.Ordinal);
        var away = Assert.Single((await StatusOf(next)).Hosts, host => host.Host == "host2");
        Assert.Equal(FleetHostState.Away, away.State);
        Assert.NotNull(away.CertificateEndsAt);

        await Client(next).RevokeAsync(new RevokeFleetHostRequest { Host = "host2" });

        await FleetAgents.IsMemberOf(next, 1);
        _fleet.Forget(agents[1]);
    }

    [Fact]
    public async Task A_host_whose_authority_is_silent_stays_unless_it_is_forced()
    {
        var agents = await _fleet.Form(2);
        await agents[0].Stop();

        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await Client(agents[1]).LeaveAsync(new LeaveFleetRequest()));

        Assert.Contains("refused", refused.Status.Detail, StringComparison.Ordinal);
        Assert.NotNull(agents[1].Get<FleetIdentity>().Current);
        var left = await Client(agents[1]).LeaveAsync(new LeaveFleetRequest { Force = true });
        Assert.NotEmpty(left.NotRevokedWhy);
        Assert.Equal(FleetStanding.InNoFleet, (await StatusOf(agents[1])).Standing);
        _fleet.Forget(agents[0]);
    }

    [Fact]
    public async Task Files_of_a_fleet_that_cannot_be_read_keep_no_agent_from_its_own_work()
    {
        var agent = await _fleet.Add();
        await FleetAgents.Make(agent, "prod", "host1");
        await agent.Stop();
        await File.WriteAllTextAsync(agent.Settings.FleetPaths.HostKey, "no key");

        var next = _fleet.Replace(agent, await agent.Next());

        var status = await StatusOf(next);
        Assert.Equal(FleetStanding.Damaged, status.Standing);
        Assert.Contains("host.key", status.Words, StringComparison.Ordinal);
        Assert.Equal(Domain.Pools.PoolPhase.Open, next.Picture.Phase);
        await Assert.ThrowsAsync<RpcException>(
            async () => await Client(next).InitAsync(new InitFleetRequest { Name = "new", Host = "host1" }));
        await Client(next).LeaveAsync(new LeaveFleetRequest { Force = true });
        Assert.Equal(FleetStanding.InNoFleet, (await StatusOf(next)).Standing);
    }

    private static Fleets.FleetsClient Client(ServedAgent agent) => new(agent.AdminChannel);

    private static async Task<FleetStatus> StatusOf(ServedAgent agent) =>
        await Client(agent).GetStatusAsync(new GetFleetStatusRequest());

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

    private static bool IsClosed(MemberAddress address)
    {
        using var client = new System.Net.Sockets.TcpClient();
        try
        {
            client.Connect(address.Host, address.Port);
            return false;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return true;
        }
    }

    private static async Task Eventually(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        while (!holds())
            await Task.Delay(20, patience.Token);
    }
}
