using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using DmAgents.Actors.Fleet;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Actors.Tests.Fleet;

/// <summary>Hosts of a fleet in one process: real remoting over TLS on loopback.</summary>
public sealed class FleetTests : IAsyncLifetime
{
    private const int TlsHandshake = 0x16;
    private const int TlsAlert = 0x15;

    private readonly TestFleet _fleet = new();
    private readonly List<FleetHost> _hosts = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_hosts.Select(host => host.DisposeAsync().AsTask())).WaitAsync(FleetHost.Patience);
        _fleet.Dispose();
    }

    [Fact]
    public async Task Three_hosts_are_a_fleet_and_one_leaves_in_order()
    {
        var hosts = await Formed(3);

        foreach (var host in hosts)
        {
            var status = await host.IsMemberOf(3);
            Assert.Equal(["web1", "web2", "web3"], status.Members.Select(member => member.Name).Order());
            Assert.Equal("web1", status.Oldest!.Name);
            Assert.Equal("web1", status.Leader!.Name);
            Assert.Contains($"web1 ({hosts[0].Address})", status.EvenSplit, StringComparison.Ordinal);
            Assert.Null(status.RefuseChange("cannot", "change"));
            Assert.Empty(status.Refused);
        }
        var unreachable = hosts[0].Board.When(status => !status.Unreachable.IsEmpty, CancellationToken.None);

        using var patience = new CancellationTokenSource(FleetHost.Patience);
        await hosts[1].Keeper.LeaveAsync(patience.Token);

        Assert.Null(hosts[1].Keeper.System);
        Assert.Equal(FleetPhase.Outside, hosts[1].Board.Current.Phase);
        await hosts[0].IsMemberOf(2);
        await hosts[2].IsMemberOf(2);
        Assert.False(unreachable.IsCompleted);
    }

    [Fact]
    public async Task A_new_certificate_is_a_new_life_in_the_same_fleet()
    {
        var hosts = await Formed(2);
        var before = hosts[1].Board.Current.View!.Members[hosts[1].Address].Uid;

        hosts[1].Renew();

        await hosts[1].When(status => status.View is { } view
            && view.Members.TryGetValue(hosts[1].Address, out var own) && own.Uid != before);
        var after = await hosts[1].IsMemberOf(2);
        Assert.NotEqual(before, after.View!.Members[hosts[1].Address].Uid);
        Assert.Equal(0, after.Failures);
        Assert.Null(after.AwaySince);
        await hosts[0].IsMemberOf(2);
    }

    [Fact]
    public async Task A_host_of_another_fleet_is_refused_and_named_by_the_one_that_it_calls()
    {
        var own = (await Formed(1))[0];
        using var other = new TestFleet();
        // It takes the fleet's certificates, so that it depends on the called side alone.
        var stranger = Host(other, "stranger", FleetHost.FreeAddresses(1)[0], [own.Settings.Address], of: _fleet);

        stranger.Enter();

        var refused = (await own.When(status => !status.Refused.IsEmpty)).Refused[0];
        Assert.Contains("host stranger of fleet prod", refused.Why, StringComparison.Ordinal);
        Assert.Contains(other.Authority.Id.ToString(), refused.Why, StringComparison.Ordinal);
        Assert.NotEmpty(refused.Next);
        await own.When(status => status.Refused[0].Count > 1);
        Assert.Single(own.Board.Current.Refused);
        Assert.Single(own.Board.Current.Members);
        Assert.Equal(FleetPhase.Joining, stranger.Board.Current.Phase);
    }

    [Fact]
    public async Task A_copy_of_a_hosts_disk_is_kept_out_and_says_which_host_has_its_name()
    {
        var hosts = await Formed(2);
        var copy = Host(_fleet, "web2", FleetHost.FreeAddresses(1)[0], [hosts[0].Settings.Address]);
        var member = copy.Board.When(status => status.Phase == FleetPhase.Member, CancellationToken.None);

        copy.EnterAsCopyOf(hosts[1]);

        var refused = await copy.When(status => status is { Phase: FleetPhase.Rejoining, Failures: > 1 });
        Assert.Contains(
            $"host web2 is in the fleet already, at {hosts[1].Address}", refused.Why, StringComparison.Ordinal);
        Assert.Contains("join under another name", refused.Why, StringComparison.Ordinal);
        Assert.False(member.IsCompleted);
        Assert.Equal((FleetPhase.Member, 0), (hosts[1].Board.Current.Phase, hosts[1].Board.Current.Failures));
    }

    [Fact]
    public async Task A_host_that_is_cut_off_is_downed_while_its_own_work_goes_on_and_comes_back_by_itself()
    {
        using var own = ActorSystem.Create("own", ActorsConfig.Default);
        var worker = own.ActorOf(Props.Create(() => new Worker()));
        var hosts = await Formed(3, canBeCut: true);
        // The first seed: it would make a fleet of its own if it were let.
        var (lost, others) = (hosts[0], hosts[1..]);
        var first = lost.Board.Current.View!.Members[lost.Address].Uid;
        var system = lost.Keeper.System!;

        await lost.Cut(others, isCut: true);

        var cut = await lost.When(status => status.AwaySince is not null);
        Assert.NotNull(cut.RefuseChange("cannot", "change"));
        Assert.Equal("work", await worker.Ask<string>("work", FleetHost.Patience));
        await lost.When(status => status is { Failures: 1, Phase: FleetPhase.Joining });
        Assert.True(system.WhenTerminated.IsCompleted);
        Assert.Equal("work", await worker.Ask<string>("work", FleetHost.Patience));
        Assert.Equal(cut.AwaySince, lost.Board.Current.AwaySince);
        // Which of the two it is depends on which of them was let in first.
        var oldest = (await others[0].IsMemberOf(2)).Oldest!.Name;
        Assert.NotEqual(lost.Name, oldest);
        Assert.Equal(oldest, (await others[1].IsMemberOf(2)).Oldest!.Name);

        await lost.Cut(others, isCut: false);

        var back = await lost.IsMemberOf(3);
        Assert.Null(back.AwaySince);
        Assert.NotEqual(first, back.View!.Members[lost.Address].Uid);
        foreach (var other in others)
            await other.IsMemberOf(3);
        Assert.Equal("work", await worker.Ask<string>("work", FleetHost.Patience));
    }

    [Fact]
    public async Task A_host_that_cannot_listen_says_why_and_tries_again()
    {
        var address = FleetHost.FreeAddresses(1)[0];
        using var holder = new TcpListener(IPAddress.Loopback, address.Port);
        holder.Start();
        var host = Host(_fleet, "web1", address, [address]);

        host.Enter();

        var failed = await host.When(status => status.Phase == FleetPhase.Rejoining);
        Assert.Contains("cannot be made", failed.Why, StringComparison.Ordinal);
        Assert.Null(failed.AwaySince);
        await host.When(status => status.Failures >= 2);
        holder.Stop();
        await host.IsMemberOf(1);
    }

    [Fact]
    public async Task A_keeper_whose_system_does_not_end_waits_for_it_no_longer_than_its_limit()
    {
        var host = (await Formed(1))[0];
        using var mayEnd = new ManualResetEventSlim();
        using var isHeld = new ManualResetEventSlim();
        host.Keeper.System!.ActorOf(Props.Create(() => new Stuck(isHeld, mayEnd))).Tell("hold");
        Assert.True(isHeld.Wait(FleetHost.Patience));

        await host.Keeper.DisposeAsync().AsTask().WaitAsync(FleetHost.Patience);

        Assert.Equal(FleetPhase.Leaving, host.Board.Current.Phase);
        mayEnd.Set();
        await host.When(status => status.Phase == FleetPhase.Outside);
    }

    [Fact]
    public async Task The_first_bytes_of_a_connection_are_those_of_TLS()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var seed = FleetHost.AddressOf(listener.LocalEndpoint.ToString()!);
        Host(_fleet, "web1", FleetHost.FreeAddresses(1)[0], [seed]).Enter();

        using var patience = new CancellationTokenSource(FleetHost.Patience);
        using var client = await listener.AcceptTcpClientAsync(patience.Token);
        var record = new byte[6];
        await client.GetStream().ReadExactlyAsync(record, patience.Token);

        // A TLS record with a ClientHello (RFC 8446, 5.1 and 4).
        Assert.Equal((TlsHandshake, 3, 1), (record[0], record[1], record[5]));
    }

    /// <summary>Akka's transport would end the whole system, and each such peer would take its callers out of their
    /// fleet.</summary>
    [Fact]
    public async Task A_peer_that_breaks_off_the_TLS_handshake_ends_no_system()
    {
        var addresses = FleetHost.FreeAddresses(2);
        using var peer = new TcpListener(IPAddress.Loopback, addresses[1].Port);
        peer.Start();
        var host = Host(_fleet, "web1", addresses[0], [addresses[1]]);
        host.Enter();
        await BreakOff(peer, times: 3);
        var system = host.Keeper.System!;
        var shutdown = CoordinatedShutdown.Get(system);
        Assert.NotNull(shutdown.ShutdownReason);
        Assert.True(shutdown.Timeout(FleetEnd.Phase) > TimeSpan.FromDays(3650));
        Assert.False(system.WhenTerminated.IsCompleted);
        Assert.Equal((FleetPhase.Joining, 0), (host.Board.Current.Phase, host.Board.Current.Failures));

        peer.Stop();
        Host(_fleet, "web2", addresses[1], [addresses[1]]).Enter();

        await host.IsMemberOf(2);
        Assert.Same(system, host.Keeper.System);
    }

    [Fact]
    public async Task After_a_failed_handshake_a_host_leaves_in_order_and_is_downed_as_before()
    {
        var hosts = await Formed(3);
        var system = hosts[2].Keeper.System!;
        using var peer = new TcpListener(IPAddress.Loopback, 0);
        peer.Start();
        foreach (var host in hosts[1..])
            await FailHandshake(host, peer);
        var unreachable = hosts[0].Board.When(status => !status.Unreachable.IsEmpty, CancellationToken.None);

        using var patience = new CancellationTokenSource(FleetHost.Patience);
        await hosts[1].Keeper.LeaveAsync(patience.Token);

        await hosts[0].IsMemberOf(2);
        Assert.False(unreachable.IsCompleted);
        Assert.Same(system, hosts[2].Keeper.System);
        // It is so for a moment only.
        var rejoining = hosts[2].When(status => status.Phase == FleetPhase.Rejoining);
        hosts[0].Keeper.Remove(hosts[2].Address);

        var downed = await rejoining;
        Assert.Equal("the fleet removed this host", downed.Why);
        Assert.True(system.WhenTerminated.IsCompleted);
        await hosts[0].IsMemberOf(2);
    }

    [Fact]
    public async Task A_connection_without_TLS_is_closed_unanswered()
    {
        var host = (await Formed(1))[0];
        using var patience = new CancellationTokenSource(FleetHost.Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(host.Address.Host, host.Address.Port, patience.Token);
        // As Akka begins a connection in the clear: a frame's length, little-endian, and the frame.
        byte[] frame = [16, 0, 0, 0, 18, 14, 8, 1, 18, 10, 10, 0, 17, 1, 2, 3, 4, 5, 6, 7];
        await client.GetStream().WriteAsync(frame, patience.Token);

        var answer = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(answer, patience.Token);
        }
        catch (IOException cause) when (cause.InnerException is SocketException)
        {
            // Reset: closed, too.
        }

        Assert.True(answer.Length == 0 || answer.ToArray()[0] == TlsAlert, Convert.ToHexString(answer.ToArray()));
        Assert.Equal(FleetPhase.Member, host.Board.Current.Phase);
    }

    /// <summary>The host dials a peer that breaks off, outside its fleet.</summary>
    private static async Task FailHandshake(FleetHost host, TcpListener peer)
    {
        var address = FleetHost.AddressOf(peer.LocalEndpoint.ToString()!);
        var system = host.Keeper.System!;
        system.ActorSelection($"{FleetConfig.AddressOf(host.Settings, address)}/user/none").Tell("hello");
        await BreakOff(peer, times: 1);
        using var patience = new CancellationTokenSource(FleetHost.Patience);
        while (CoordinatedShutdown.Get(system).ShutdownReason is null)
            await Task.Delay(10, patience.Token);
    }

    private static async Task BreakOff(TcpListener peer, int times)
    {
        using var patience = new CancellationTokenSource(FleetHost.Patience);
        for (var time = 0; time < times; time++)
        {
            using var caller = await peer.AcceptTcpClientAsync(patience.Token);
            // It begins its handshake, and is answered by the end of the connection.
            await caller.GetStream().ReadExactlyAsync(new byte[1], patience.Token);
        }
    }

    private async Task<FleetHost[]> Formed(int count, bool canBeCut = false)
    {
        var addresses = FleetHost.FreeAddresses(count);
        var hosts = addresses.Select((address, index) =>
            Host(_fleet, $"web{index + 1}", address, addresses, canBeCut: canBeCut)).ToArray();
        foreach (var host in hosts)
            host.Enter();
        foreach (var host in hosts)
            await host.IsMemberOf(count);
        return hosts;
    }

    private FleetHost Host(
        TestFleet fleet, string name, MemberAddress address, MemberAddress[] seeds, TestFleet? of = null,
        bool canBeCut = false)
    {
        var host = new FleetHost(fleet, name, address, seeds, of, canBeCut);
        _hosts.Add(host);
        return host;
    }

    /// <summary>Holds its thread, and with it the end of its system.</summary>
    private sealed class Stuck(ManualResetEventSlim isHeld, ManualResetEventSlim mayEnd) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            isHeld.Set();
            mayEnd.Wait(FleetHost.Patience);
        }
    }

    private sealed class Worker : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }
}
