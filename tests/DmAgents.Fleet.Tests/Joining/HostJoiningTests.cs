using System.Buffers.Binary;
using System.Net.Security;
using System.Text;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Members;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;
using DmAgents.Fleet.Tokens;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Files;

namespace DmAgents.Fleet.Tests.Joining;

/// <summary>Both sides over real connections.</summary>
public sealed class HostJoiningTests : IDisposable
{
    private static readonly TimeSpan _hour = TimeSpan.FromHours(1);

    private readonly TestFleet _fleet = new();
    private readonly MemoryFiles _files = new();
    private readonly SetTime _time = new();
    private readonly CancellationTokenSource _patience = new(Loopback.Patience);

    /// <summary>Key, authorities, revocations, certificate; each before and after the change.</summary>
    public static TheoryData<int, bool> Deaths
    {
        get
        {
            var deaths = new TheoryData<int, bool>();
            for (var step = 0; step < 4; step++)
            {
                deaths.Add(step, false);
                deaths.Add(step, true);
            }
            return deaths;
        }
    }

    public void Dispose()
    {
        _fleet.Dispose();
        _patience.Dispose();
    }

    [Fact]
    public async Task A_host_with_a_token_becomes_a_member_that_others_trust()
    {
        await using var server = JoinServer.Of(_fleet);

        var joined = await JoinedAsync(server.Address, Token());

        Assert.Null(joined.Trial);
        Assert.Equal(["first:2552", "second:2552"], joined.Members.Select(each => each.ToString()));
        Assert.Equal(
            (_fleet.Authority.Id, new HostName("web1")), (joined.Member.Fleet, joined.Member.Host.Host));
        var shake = await Handshake.MakeAsync(
            _fleet.Validator, _fleet.Founded.Member.Certificate, joined.Member.Certificate, "first", "web1");
        Assert.Equal((true, true), (shake.ServerRead, shake.ClientRead));
        Assert.Null(server.NextEnd());
        Assert.Null(server.NextEnd());
    }

    [Fact]
    public async Task Its_key_never_leaves_the_host()
    {
        await using var server = JoinServer.Of(_fleet);

        await JoinedAsync(server.Address, Token());

        Assert.Equal([TestFleet.Paths.HostKey], _files.SecretPaths);
        var document = Encoding.UTF8.GetString(_fleet.Files.Read(TestFleet.Paths.AuthorityDocument).Value);
        Assert.DoesNotContain("PRIVATE", document, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Joining_again_changes_nothing_and_tries_the_handshake()
    {
        await using var server = JoinServer.Of(_fleet);
        var token = Token();
        var first = await JoinedAsync(server.Address, token);

        var again = await JoinedAsync(server.Address, token);

        Assert.Equal(first.Member.Host, again.Member.Host);
        Assert.Null(again.Trial);
    }

    [Fact]
    public async Task A_member_joins_no_other_fleet_and_under_no_other_name()
    {
        await using var server = JoinServer.Of(_fleet);
        using var other = new TestFleet("other");
        await JoinedAsync(server.Address, Token());

        var elsewhere = await RefusedAsync(server.Address, other.Authority.MakeToken(_hour).Value);
        var renamed = await RefusedAsync(server.Address, Token(), "web9");

        Assert.Equal(RefusalKind.Exists, elsewhere.Refusal.Kind);
        Assert.Equal(RefusalKind.Exists, renamed.Refusal.Kind);
    }

    [Theory, MemberData(nameof(Deaths))]
    public async Task What_a_crash_interrupted_is_completed_with_the_same_token(int step, bool afterwards)
    {
        await using var server = JoinServer.Of(_fleet);
        var token = Token();
        await Assert.ThrowsAsync<AgentDiedException>(() => JoinAsync(
            server.Address, token, "web1", new MortalFiles(_files) { DiesAt = step, DiesAfterwards = afterwards }));

        var joined = await JoinedAsync(server.Address, token);

        Assert.Null(joined.Trial);
        Assert.Equal(
            joined.Member.Host.Key, _fleet.Authority.State.Hosts[new HostName("web1")].Key);
    }

    [Fact]
    public async Task A_used_a_forged_and_an_expired_token_are_refused_by_name()
    {
        await using var server = JoinServer.Of(_fleet);
        var used = Token();
        await JoinAsync(server.Address, used, "web2", new MemoryFiles());
        var forged = JoinToken.Make(_fleet.Authority.Id, _fleet.Authority.Certificate.Fingerprint);
        var expired = Token();

        Assert.Equal(JoinRefusalReason.UsedToken, (await RefusedAsync(server.Address, used)).Reason);
        Assert.Equal(JoinRefusalReason.UnknownToken, (await RefusedAsync(server.Address, forged)).Reason);
        _fleet.Time.Now = _time.Now += _hour;
        var refused = await RefusedAsync(server.Address, expired);
        Assert.Equal(JoinRefusalReason.ExpiredToken, refused.Reason);
        Assert.NotEmpty(refused.Refusal.Next);
        Assert.Equal([TestFleet.Paths.HostKey], _files.Paths);
    }

    [Fact]
    public async Task The_token_is_not_sent_to_another_fleet()
    {
        using var other = new TestFleet();
        await using var server = JoinServer.Of(other);

        var refused = await RefusedAsync(server.Address, Token());

        Assert.Equal(JoinRefusalReason.ForeignAuthority, refused.Reason);
        Assert.Contains(other.Authority.Id.ToString(), refused.Refusal.Why, StringComparison.Ordinal);
        // Sent, it would have been answered as foreign.
        Assert.Equal(JoinRefusalReason.Unreachable, server.NextEnd()!.Reason);
    }

    [Fact]
    public async Task The_token_is_not_sent_to_an_impostor_that_repeats_the_fleets_hello()
    {
        // The attacker knows the fleet's authority, which is no secret, and repeats its hello.
        using var attacker = new TestFleet();
        await using var server = new JoinServer((stream, cancellation) => SpeakAsync(
            stream, attacker, IssuerMachine.Hello(_fleet.Authority.Trust.Current, _time.Now).ToArray(), cancellation));

        var refused = await RefusedAsync(server.Address, Token());

        Assert.Equal(JoinRefusalReason.NotTrusted, refused.Reason);
    }

    [Fact]
    public async Task The_second_host_of_a_name_is_refused_and_the_first_stays()
    {
        await using var server = JoinServer.Of(_fleet);
        var first = await JoinedAsync(server.Address, Token());

        var second = Assert.IsType<JoinOutcome.Refused>(
            await JoinAsync(server.Address, Token(), "web1", new MemoryFiles()));

        Assert.Equal((JoinRefusalReason.NameTaken, RefusalKind.Exists), (second.Reason!.Value, second.Refusal.Kind));
        Assert.IsType<PeerVerdict.Accepted>(_fleet.Judge(first.Member.Certificate));
    }

    [Theory]
    [InlineData(-3)]
    [InlineData(3)]
    [InlineData(24 * 365)]
    public async Task Clocks_that_differ_by_hours_are_named_before_the_token_is_used(int hours)
    {
        await using var server = JoinServer.Of(_fleet);
        var token = Token();
        _time.Now += TimeSpan.FromHours(hours);

        var refused = await RefusedAsync(server.Address, token);

        Assert.Equal(JoinRefusalReason.ClocksDiffer, refused.Reason);
        Assert.Contains("NTP", refused.Refusal.Next, StringComparison.Ordinal);
        _time.Now = _fleet.Time.Now;
        Assert.Null((await JoinedAsync(server.Address, token)).Trial);
    }

    [Theory]
    [InlineData(-299)]
    [InlineData(299)]
    public async Task Clocks_that_differ_by_less_than_the_tolerance_do_no_harm(int seconds)
    {
        await using var server = JoinServer.Of(_fleet);
        _time.Now += TimeSpan.FromSeconds(seconds);

        Assert.Null((await JoinedAsync(server.Address, Token())).Trial);
    }

    [Fact]
    public async Task A_member_that_is_refused_gets_to_know_why()
    {
        await using var server = JoinServer.Of(_fleet);
        var token = Token();
        await JoinedAsync(server.Address, token);
        _fleet.Authority.Revoke(new HostName("web1"));

        var trial = (await JoinedAsync(server.Address, token)).Trial!;

        Assert.Equal((JoinRefusalReason.NotTrusted, PeerRefusalReason.Revoked), (trial.Reason, trial.Peer));
        Assert.Contains("was revoked at", trial.Why, StringComparison.Ordinal);
        Assert.NotEmpty(trial.Next);
    }

    [Fact]
    public async Task A_member_renews_its_certificate_for_the_same_key()
    {
        await using var server = JoinServer.Of(_fleet);
        var member = (await JoinedAsync(server.Address, Token())).Member;
        _fleet.Time.Now = _time.Now += TimeSpan.FromDays(60);

        var given = Assert.IsType<JoinerResult.Given>(
            await Client().RenewAsync(server.Address, member, _patience.Token));

        Assert.Equal(member.Host.NotAfter + TimeSpan.FromDays(60), given.Host.NotAfter);
        Assert.Equal(member.Host.Key, given.Host.Key);
        var files = new MemberFiles(_files, TestFleet.Paths);
        Assert.True(files.Save(given.Trust, given.Certificate).Succeeded);
        using var renewed = files.Find().Value!;
        Assert.IsType<JoinerResult.Trusted>(await Client().TryAsync(server.Address, renewed, _patience.Token));
    }

    [Theory]
    [InlineData(91, false, PeerRefusalReason.Expired)]
    [InlineData(1, true, PeerRefusalReason.Revoked)]
    public async Task A_member_whose_certificate_is_refused_gets_no_other(
        int days, bool revoke, PeerRefusalReason reason)
    {
        await using var server = JoinServer.Of(_fleet);
        var member = (await JoinedAsync(server.Address, Token())).Member;
        if (revoke)
            _fleet.Authority.Revoke(member.Host.Host);
        // The issuer's own certificate has ended, too: only its side is asked here.
        _fleet.Time.Now += TimeSpan.FromDays(days);
        await using var tls = await ConnectAsync(server.Address, member);
        await tls.WriteAsync(
            JoinWire.Write(new JoinMessages.Renew(_fleet.Time.Now, new byte[] { 1 })), _patience.Token);

        var answers = await ReadAllAsync(tls);

        Assert.Equal(reason, Assert.IsType<JoinMessages.Refused>(answers[^1]).Refusal.Peer);
    }

    [Fact]
    public async Task A_silent_issuer_is_left_at_the_deadline()
    {
        await using var silent = new JoinServer((_, cancellation) => Task.Delay(Timeout.Infinite, cancellation));

        var refused = await RefusedAsync(silent.Address, Token(), limit: TimeSpan.FromMilliseconds(300));

        Assert.Equal((JoinRefusalReason.Silent, RefusalKind.TimedOut), (refused.Reason!.Value, refused.Refusal.Kind));
    }

    [Fact]
    public async Task An_issuer_that_is_not_there_or_speaks_something_else_is_named()
    {
        await using var web = new JoinServer(async (stream, cancellation) =>
        {
            await stream.WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), cancellation);
            await stream.DisposeAsync();
        });
        await using var closing = new JoinServer((stream, _) => stream.DisposeAsync().AsTask());
        MemberAddress gone;
        await using (var server = new JoinServer((_, _) => Task.CompletedTask))
            gone = server.Address;

        foreach (var address in new[] { web.Address, closing.Address, gone })
        {
            var refused = await RefusedAsync(address, Token());
            Assert.Equal(JoinRefusalReason.Unreachable, refused.Reason);
            Assert.Contains(address.ToString(), refused.Refusal.Why, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("\0\0\0\u0006\u0063\u0001abcd")]
    [InlineData("\u007f\u007f\u007f\u007f")]
    public async Task An_issuer_that_sends_garbage_or_promises_too_much_is_left(string garbage)
    {
        await using var server = new JoinServer((stream, cancellation) =>
            SpeakAsync(stream, _fleet, Encoding.Latin1.GetBytes(garbage), cancellation));

        Assert.Equal(JoinRefusalReason.Garbage, (await RefusedAsync(server.Address, Token())).Reason);
    }

    [Fact]
    public async Task A_silent_host_does_not_keep_the_issuer()
    {
        await using var server = JoinServer.Of(_fleet, new JoinLimits(TimeSpan.FromMilliseconds(300), 16));
        await using var silent = await JoinServer.ConnectAsync(server.Address, _patience.Token);

        Assert.Equal(JoinRefusalReason.Silent, server.NextEnd()!.Reason);
        Assert.Equal(0, await silent.ReadAsync(new byte[1], _patience.Token));
    }

    [Fact]
    public async Task A_host_that_sends_garbage_or_too_much_gets_the_reason_and_changes_nothing()
    {
        await using var server = JoinServer.Of(_fleet);
        var before = _fleet.Authority.State;
        var tooMuch = new byte[1 << 20];
        BinaryPrimitives.WriteInt32BigEndian(tooMuch, tooMuch.Length);
        foreach (var garbage in new[] { "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), [0, 0, 0, 2, 99, 1], tooMuch[..4] })
        {
            await using var tls = await ConnectAsync(server.Address, own: null);
            await tls.WriteAsync(garbage, _patience.Token);

            var answers = await ReadAllAsync(tls);

            Assert.IsType<JoinMessages.Hello>(answers[0]);
            Assert.Equal(
                JoinRefusalReason.Garbage, Assert.IsType<JoinMessages.Refused>(answers[1]).Refusal.Reason);
            Assert.Equal(JoinRefusalReason.Garbage, server.NextEnd()!.Reason);
        }
        Assert.Same(before, _fleet.Authority.State);
    }

    [Fact]
    public async Task A_host_that_sends_byte_by_byte_is_understood()
    {
        await using var server = JoinServer.Of(_fleet);
        using var key = PrivateKey.Make();
        await using var tls = await ConnectAsync(server.Address, own: null);
        var question = JoinWire.Write(new JoinMessages.Join(
            _time.Now, Token(), new HostName("web1"), key.RequestFor(new HostName("web1"))));
        for (var index = 0; index < question.Length; index++)
            await tls.WriteAsync(question.Slice(index, 1), _patience.Token);

        Assert.IsType<JoinMessages.Accepted>((await ReadAllAsync(tls))[^1]);
    }

    [Fact]
    public async Task More_hosts_at_once_than_the_limit_are_answered_that_the_issuer_is_busy()
    {
        await using var server = JoinServer.Of(_fleet, new JoinLimits(Loopback.Patience, AtOnce: 1));
        await using var first = await ConnectAsync(server.Address, own: null);

        var refused = await RefusedAsync(server.Address, Token());

        Assert.Equal((JoinRefusalReason.Busy, RefusalKind.Busy), (refused.Reason!.Value, refused.Refusal.Kind));
    }

    [Fact]
    public async Task A_host_that_cannot_write_is_refused_and_completes_later()
    {
        await using var server = JoinServer.Of(_fleet);
        var token = Token();
        _files.Break(TestFleet.Paths.HostCertificate, KernelFault.NoSpace);
        Assert.Equal(RefusalKind.Failed, (await RefusedAsync(server.Address, token)).Refusal.Kind);

        _files.Restore(TestFleet.Paths.HostCertificate);

        Assert.Null((await JoinedAsync(server.Address, token)).Trial);
    }

    [Fact]
    public async Task A_host_that_left_is_trusted_no_more_and_can_join_again()
    {
        await using var server = JoinServer.Of(_fleet);
        var member = (await JoinedAsync(server.Address, Token())).Member;

        Assert.Null(await LeaveAsync(server.Address, _files));

        Assert.Empty(_files.Paths);
        Assert.IsType<PeerVerdict.Refused>(_fleet.Judge(member.Certificate));
        Assert.Null((await JoinedAsync(server.Address, Token())).Trial);
    }

    [Fact]
    public async Task Leaving_takes_four_changes_and_a_crash_at_each_is_completed_by_the_same_call()
    {
        await using var server = JoinServer.Of(_fleet);
        for (var step = 0; step < 8; step++)
        {
            await JoinedAsync(server.Address, Token());
            var dying = new MortalFiles(_files) { DiesAt = step / 2, DiesAfterwards = step % 2 == 1 };
            await Assert.ThrowsAsync<AgentDiedException>(() => LeaveAsync(server.Address, dying));

            Assert.Null(await LeaveAsync(server.Address, _files));

            Assert.Empty(_files.Paths);
            Assert.DoesNotContain(new HostName("web1"), _fleet.Authority.State.Hosts.Keys);
        }
    }

    [Fact]
    public async Task A_host_stays_a_member_while_the_authority_cannot_let_it_go()
    {
        await using var server = JoinServer.Of(_fleet);
        await JoinedAsync(server.Address, Token());
        _fleet.Files.Break(TestFleet.Paths.AuthorityDocument, KernelFault.NoSpace);

        var refused = await LeaveAsync(server.Address, _files);

        Assert.Contains("NoSpace", refused!.Why, StringComparison.Ordinal);
        Assert.Contains(TestFleet.Paths.HostCertificate, _files.Paths);
    }

    [Fact]
    public async Task The_host_that_has_the_authority_does_not_leave()
    {
        await using var server = JoinServer.Of(_fleet);

        var refused = await LeaveAsync(server.Address, _fleet.Files);

        Assert.Equal(RefusalKind.WrongState, refused!.Kind);
        Assert.Contains("authority", refused.Why, StringComparison.Ordinal);
    }

    private Task<Refusal?> LeaveAsync(MemberAddress address, IDurableFiles files) =>
        new HostLeaving(new MemberFiles(files, TestFleet.Paths), Client()).LeaveAsync(address, _patience.Token);

    private JoinToken Token() => _fleet.Authority.MakeToken(_hour).Value;

    private JoinClient Client(TimeSpan? limit = null) =>
        new(JoinServer.ConnectAsync, _time, new JoinLimits(limit ?? Loopback.Patience, AtOnce: 1));

    private Task<JoinOutcome> JoinAsync(
        MemberAddress address, JoinToken token, string host, IDurableFiles files, TimeSpan? limit = null) =>
        new HostJoining(new MemberFiles(files, TestFleet.Paths), Client(limit))
            .JoinAsync(address, token, new HostName(host), _patience.Token);

    private async Task<JoinOutcome.Joined> JoinedAsync(MemberAddress address, JoinToken token)
    {
        var outcome = await JoinAsync(address, token, "web1", _files);
        Assert.True(outcome is JoinOutcome.Joined, $"{outcome}");
        var joined = (JoinOutcome.Joined)outcome;
        _fleet.Own(joined.Member);
        return joined;
    }

    private async Task<JoinOutcome.Refused> RefusedAsync(
        MemberAddress address, JoinToken token, string host = "web1", TimeSpan? limit = null) =>
        Assert.IsType<JoinOutcome.Refused>(await JoinAsync(address, token, host, _files, limit));

    private async Task<SslStream> ConnectAsync(MemberAddress address, Member? own)
    {
        var tls = new SslStream(await JoinServer.ConnectAsync(address, _patience.Token));
        await tls.AuthenticateAsClientAsync(
            FleetTls.Client(own?.Certificate, (_, certificate, _, _) => certificate is not null, null, null),
            _patience.Token);
        return tls;
    }

    private async Task<List<JoinMessage>> ReadAllAsync(SslStream tls)
    {
        var all = new MemoryStream();
        await tls.CopyToAsync(all, _patience.Token);
        var rest = all.ToArray().AsMemory();
        var messages = new List<JoinMessage>();
        while (!rest.IsEmpty)
        {
            var read = Assert.IsType<JoinReading.Read>(JoinWire.Read(rest.Span, JoinWire.MaxAnswer));
            messages.Add(read.Message);
            rest = rest[read.Length..];
        }
        return messages;
    }

    private static async Task SpeakAsync(Stream stream, TestFleet own, byte[] words, CancellationToken cancellation)
    {
        await using var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(own.Founded.Member.Certificate, false, false);
        await tls.WriteAsync(words, cancellation);
        await Task.Delay(Timeout.Infinite, cancellation);
    }
}
