using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Fleet.Tests.Joining;

public sealed class JoinServiceTests
{
    /// <summary>The last write is the end of TLS.</summary>
    [Theory]
    [InlineData(1, null)]
    [InlineData(2, JoinRefusalReason.Unreachable)]
    public async Task An_exchange_succeeded_if_the_connection_broke_after_the_answer_and_not_before(
        int fromTheEnd, JoinRefusalReason? expected)
    {
        using var fleet = new TestFleet();
        using var patience = new CancellationTokenSource(Loopback.Patience);
        var client = new JoinClient(
            JoinServer.ConnectAsync, fleet.Time, new JoinLimits(Loopback.Patience, AtOnce: 16));
        BreakingStream? last = null;
        int? breaksAt = null;
        await using var server = JoinServer.Of(
            fleet, through: connection => last = new BreakingStream(connection, breaksAt));
        using var key = PrivateKey.Make();
        var (web1, token) = (new HostName("web1"), fleet.Authority.MakeToken(TimeSpan.FromHours(1)).Value);
        var intent = new JoinerIntent.Join(token, web1, key.RequestFor(web1), key.Fingerprint);
        Assert.IsType<JoinerResult.Given>(await client.JoinAsync(server.Address, intent, patience.Token));
        Assert.Null(server.NextEnd());
        breaksAt = last!.Writes - fromTheEnd;

        var result = await client.JoinAsync(server.Address, intent, patience.Token);

        Assert.Equal(expected, server.NextEnd()?.Reason);
        Assert.True(last.IsBroken);
        Assert.Equal(expected is null, result is JoinerResult.Given);
    }

    [Fact]
    public async Task Strangers_that_say_nothing_keep_no_member_from_its_answer()
    {
        using var fleet = new TestFleet();
        var limits = new JoinLimits(Loopback.Patience, AtOnce: 1) { Handshake = Loopback.Patience };
        await using var server = JoinServer.Of(fleet, limits);
        await using var stranger = await JoinServer.ConnectAsync(server.Address, CancellationToken.None);
        var client = new JoinClient(JoinServer.ConnectAsync, fleet.Time, limits);

        var result = await client.TryAsync(server.Address, fleet.Founded.Member, CancellationToken.None);

        Assert.IsNotType<JoinerResult.Refused>(result);
    }

    [Fact]
    public async Task One_address_does_not_take_all_slots()
    {
        using var fleet = new TestFleet();
        await using var server = JoinServer.Of(
            fleet, new JoinLimits(Loopback.Patience, AtOnce: 16) { Handshake = Loopback.Patience, PerAddress = 1 });
        await using var one = await JoinServer.ConnectAsync(server.Address, CancellationToken.None);
        await using var other = await JoinServer.ConnectAsync(server.Address, CancellationToken.None);

        Assert.Equal(JoinRefusalReason.Busy, server.NextEnd()?.Reason);
    }

    [Fact]
    public async Task A_handshake_that_does_not_begin_ends_before_an_exchange_would()
    {
        using var fleet = new TestFleet();
        await using var server = JoinServer.Of(
            fleet, new JoinLimits(10 * Loopback.Patience, AtOnce: 16) { Handshake = TimeSpan.FromMilliseconds(1) });
        await using var silent = await JoinServer.ConnectAsync(server.Address, CancellationToken.None);

        Assert.Equal(JoinRefusal.Silent(TimeSpan.Zero).Reason, server.NextEnd()?.Reason);
    }
}
