using System.Net;
using System.Net.Sockets;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet;
using DmAgents.Fleet.Renewal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>What strangers and faults at a member's ports do not bring about.</summary>
public sealed class FleetStrangersTests : IAsyncLifetime
{
    private readonly FleetAgents _fleet = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _fleet.DisposeAsync();

    [Fact]
    public async Task What_is_known_already_is_not_written_again()
    {
        var agent = await _fleet.Add();
        await FleetAgents.Make(agent, "prod", "host1");
        await FleetAgents.IsMemberOf(agent, 1);
        var file = Path.Combine(agent.Settings.FleetPaths.Directory, "members.json");
        File.Delete(file);

        agent.Get<FleetOutcasts>().Remove();

        Assert.False(File.Exists(file));
        agent.Get<FleetHost>().Learn(known => known.With([new KnownMember(FleetAgents.NextAddress(), Host: null)]));
        Assert.True(File.Exists(file));
    }

    [Fact]
    public async Task A_connection_that_cannot_be_taken_ends_neither_the_others_nor_the_port()
    {
        var (address, taken) = (FleetAgents.NextAddress(), 0);
        FleetListener Listener(IServiceProvider services) => new(
            services.GetRequiredService<AgentSettings>(), TimeProvider.System, NullLogger<FleetListener>.Instance)
        {
            Accept = (listener, end) =>
                ((IPEndPoint)listener.LocalEndpoint).Port == FleetPorts.JoinOf(address).Port
                && Interlocked.Increment(ref taken) == 2
                    ? throw new SocketException((int)SocketError.TooManyOpenSockets)
                    : listener.AcceptTcpClientAsync(end),
        };
        var issuer = await _fleet.Add(services: with => with.AddSingleton(Listener));
        await FleetAgents.Make(issuer, "prod", "host1");
        using var held = new TcpClient();
        var port = FleetPorts.JoinOf(FleetAgents.AddressOf(issuer));
        await held.ConnectAsync(port.Host, port.Port);
        await Eventually(() => Volatile.Read(ref taken) >= 2);

        await FleetAgents.Join(await _fleet.Add(), issuer, "host2");

        await FleetAgents.IsMemberOf(issuer, 2);
    }

    [Fact]
    public void One_reason_is_logged_once_in_a_while_and_many_reasons_are_not_all_logged()
    {
        var clock = new OffsetClock();
        var log = new RefusalLog(clock);

        Assert.True(log.Add("one"));
        Assert.False(log.Add("one"));
        Assert.Equal(RefusalLog.Most - 1, Enumerable.Range(0, 100).Count(number => log.Add($"other {number}")));
        clock.Offset = RefusalLog.Interval;
        Assert.True(log.Add("one"));
    }

    [Fact]
    public void The_host_that_made_the_fleet_tries_to_renew_an_ended_certificate_at_each_look()
    {
        var now = DateTimeOffset.UnixEpoch.AddYears(50);
        var ended = new RenewalStep(CertificateCondition.Ended, RenewAt: null, "it ended", "");
        RenewalFailures Failed(TimeSpan ago) => new(Count: 1, now - ago, "the disk is full");

        Assert.Equal(TimeSpan.Zero, FleetRenewal.WaitFor(ended, RenewalFailures.None, isIssuer: true, now));
        Assert.Equal(FleetRenewal.Look, FleetRenewal.WaitFor(ended, Failed(TimeSpan.Zero), isIssuer: true, now));
        Assert.Equal(TimeSpan.Zero, FleetRenewal.WaitFor(ended, Failed(FleetRenewal.Look), isIssuer: true, now));
        Assert.Equal(FleetRenewal.Look, FleetRenewal.WaitFor(ended, Failed(FleetRenewal.Look), isIssuer: false, now));
    }

    private static async Task Eventually(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        while (!holds())
            await Task.Delay(20, patience.Token);
    }
}
