using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Members;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Fleet.Tests.Joining;

/// <summary>A member asks what to trust.</summary>
public sealed class UpdateTests : IDisposable
{
    private readonly TestFleet _fleet = new();
    private readonly CancellationTokenSource _patience = new(Loopback.Patience);

    public void Dispose()
    {
        _fleet.Dispose();
        _patience.Dispose();
    }

    [Fact]
    public async Task A_member_learns_of_a_revocation_and_where_the_others_are()
    {
        await using var server = JoinServer.Of(_fleet);
        var member = Member("web1");
        _fleet.Host("web2");
        Assert.True(_fleet.Authority.Revoke(new HostName("web2")).Succeeded);

        var updated = Assert.IsType<JoinerResult.Updated>(await AskAsync(server, member, member.Trust));

        Assert.Equal(1ul, updated.Trust.Revocations.Number);
        Assert.Equal("web2", Assert.Single(updated.Trust.Revocations.Entries).Host.Value);
        Assert.Equal(["first:2552", "second:2552"], updated.Members.Select(each => each.ToString()));
        Assert.Null(server.NextEnd());
    }

    [Fact]
    public async Task A_revoked_host_is_refused_with_that_reason_and_gets_no_list()
    {
        await using var server = JoinServer.Of(_fleet);
        var member = Member("web1");
        Assert.True(_fleet.Authority.Revoke(new HostName("web1")).Succeeded);

        var refused = Assert.IsType<JoinerResult.Refused>(await AskAsync(server, member, member.Trust));

        Assert.Equal(PeerRefusalReason.Revoked, refused.Refusal.Peer);
    }

    [Fact]
    public void A_host_without_a_certificate_gets_no_list()
    {
        var issuer = new IssuerMachine(
            new PeerVerdict.Refused(PeerRefusal.NoCertificate()), SetTime.Start, TimeSpan.FromMinutes(1));

        var outputs = issuer.Step(
            new IssuerInput.Received(JoinWire.Write(new JoinMessages.Update(SetTime.Start))), SetTime.Start);

        var finish = Assert.IsType<IssuerOutput.Finish>(outputs[^1]);
        Assert.Equal(JoinRefusalReason.NotTrusted, finish.Refusal!.Reason);
        Assert.DoesNotContain(outputs, output => output is IssuerOutput.Update);
    }

    /// <summary>An issuer of the fleet that gives another fleet's list.</summary>
    [Fact]
    public void A_list_that_the_known_authority_did_not_sign_is_refused()
    {
        using var other = new TestFleet();
        using var issuer = new X509Certificate2(_fleet.Founded.Member.Certificate);
        var joiner = new JoinerMachine(
            new JoinerIntent.Update(_fleet.Founded.Member.Trust), issuer, SetTime.Start, TimeSpan.FromMinutes(1));
        joiner.Step(
            new JoinerInput.Received(IssuerMachine.Hello(_fleet.Authority.Trust.Current, SetTime.Start)), SetTime.Start);
        var trust = other.Authority.Trust.Current;

        var outputs = joiner.Step(
            new JoinerInput.Received(JoinWire.Write(
                new JoinMessages.Updated(trust.Authorities, trust.Revocations.Bytes, []))), SetTime.Start);

        var result = Assert.IsType<JoinerOutput.Finish>(Assert.Single(outputs)).Result;
        Assert.Equal(JoinRefusalReason.BadAnswer, Assert.IsType<JoinerResult.Refused>(result).Refusal.Reason);
    }

    private Task<JoinerResult> AskAsync(JoinServer server, Member member, FleetTrust trust) =>
        new JoinClient(JoinServer.ConnectAsync, _fleet.Time, JoinLimits.Default)
            .UpdateAsync(server.Address, member, trust, _patience.Token);

    private Member Member(string name)
    {
        var certificate = _fleet.Host(name);
        Assert.True(HostCertificate.TryRead(certificate, out var host));
        return new Member(certificate, host, _fleet.Authority.Trust.Current);
    }
}
