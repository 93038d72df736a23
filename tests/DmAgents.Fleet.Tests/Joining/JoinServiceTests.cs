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
}
