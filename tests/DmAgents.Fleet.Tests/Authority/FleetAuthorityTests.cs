using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;
using DmAgents.Fleet.Tokens;
using DmAgents.Testing.Faults;

namespace DmAgents.Fleet.Tests.Authority;

public sealed class FleetAuthorityTests : IDisposable
{
    private static readonly HostName _web1 = new("web1");
    private static readonly TimeSpan _hour = TimeSpan.FromHours(1);

    private readonly TestFleet _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public void A_token_lets_one_host_in_and_the_same_host_again()
    {
        var token = Token();
        using var key = PrivateKey.Make();
        using var other = PrivateKey.Make();
        var first = Admitted(token, "web1", key);

        var again = Admitted(token, "web1", key);

        Assert.NotEqual(first.Serial, again.Serial);
        Assert.Equal(JoinRefusalReason.UsedToken, Refused(token, "web1", other).Reason);
        Assert.Equal(JoinRefusalReason.UsedToken, Refused(token, "web2", key).Reason);
        Assert.Equal(2, _fleet.Authority.State.Hosts[_web1].Certificates.Length);
    }

    [Fact]
    public void A_token_expires_and_the_refusal_says_when()
    {
        var token = Token();
        using var key = PrivateKey.Make();
        _fleet.Time.Now += _hour;

        var refused = Refused(token, "web1", key);

        Assert.Equal(JoinRefusalReason.ExpiredToken, refused.Reason);
        Assert.Contains("2026-03-04 06:06:07Z", refused.Why, StringComparison.Ordinal);
        Assert.DoesNotContain(_web1, _fleet.Authority.State.Hosts.Keys);
    }

    [Fact]
    public void A_forged_token_is_unknown()
    {
        using var key = PrivateKey.Make();
        var forged = JoinToken.Make(_fleet.Authority.Id, _fleet.Authority.Certificate.Fingerprint);

        Assert.Equal(JoinRefusalReason.UnknownToken, Refused(forged, "web1", key).Reason);
    }

    [Fact]
    public void A_token_of_another_fleet_or_authority_is_foreign()
    {
        using var other = new TestFleet("other");
        using var key = PrivateKey.Make();
        var foreign = other.Authority.MakeToken(_hour).Value;
        var mixed = JoinToken.Make(_fleet.Authority.Id, other.Authority.Certificate.Fingerprint);

        Assert.Equal(JoinRefusalReason.ForeignToken, Refused(foreign, "web1", key).Reason);
        Assert.Equal(JoinRefusalReason.ForeignAuthority, Refused(mixed, "web1", key).Reason);
    }

    [Fact]
    public void A_name_belongs_to_one_key()
    {
        using var key = PrivateKey.Make();
        using var other = PrivateKey.Make();
        Admitted(Token(), "web1", key);
        var token = Token();

        Assert.Equal(JoinRefusalReason.NameTaken, Refused(token, "web1", other).Reason);

        // The refusal has not used the token up, and the name stays the first host's.
        Admitted(token, "web1", key);
    }

    [Fact]
    public void A_token_is_kept_as_a_hash_only()
    {
        var token = Token();

        var document = _fleet.Files.Read(TestFleet.Paths.AuthorityDocument).Value;

        var text = System.Text.Encoding.UTF8.GetString(document);
        Assert.Contains(token.Hash.Value.Value, text, StringComparison.Ordinal);
        Assert.DoesNotContain(token.ToWord(), text, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexStringLower(token.Bytes[^16..]), text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(59)]
    [InlineData(7 * 24 * 3600 + 1)]
    public void A_tokens_life_is_bounded(int seconds)
    {
        var refused = _fleet.Authority.MakeToken(TimeSpan.FromSeconds(seconds));

        Assert.Equal(RefusalKind.Invalid, refused.Refusal!.Kind);
    }

    [Fact]
    public void Open_tokens_are_bounded_and_used_or_expired_ones_make_room()
    {
        var state = _fleet.Authority.State;
        for (var number = 0; number < AuthorityDecider.MaxOpenTokens; number++)
        {
            var token = JoinToken.Make(state.Id, _fleet.Authority.Certificate.Fingerprint);
            var added = AuthorityDecider.AddToken(state, token.Hash, _hour, SetTime.Start);
            state = Assert.IsType<AuthorityDecision.Accepted>(added).Next;
        }
        var next = JoinToken.Make(state.Id, _fleet.Authority.Certificate.Fingerprint).Hash;

        Assert.IsType<AuthorityDecision.Refused>(AuthorityDecider.AddToken(state, next, _hour, SetTime.Start));
        Assert.IsType<AuthorityDecision.Accepted>(AuthorityDecider.AddToken(state, next, _hour, SetTime.Start + _hour));
        var later = (AuthorityDecision.Accepted)AuthorityDecider.AddToken(
            state, next, _hour, SetTime.Start + TimeSpan.FromDays(31));
        Assert.Single(later.Next.Tokens);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_crash_at_a_tokens_use_lets_the_same_host_repeat_it_and_no_other(bool afterwards)
    {
        var token = Token();
        using var key = PrivateKey.Make();
        using var other = PrivateKey.Make();
        var dying = new MortalFiles(_fleet.Files) { DiesAt = 0, DiesAfterwards = afterwards };
        using (var authority = Reopened(dying))
        {
            Assert.Throws<AgentDiedException>(
                () => authority.Admit(token, _web1, TestFleet.RequestOf(key, "web1")));
        }

        using var reborn = Reopened(_fleet.Files);

        // Dead before the write, the token is unused: nothing was given out. After it, it is the first host's.
        if (afterwards)
        {
            var refused = (Admission.Refused)reborn.Admit(
                token, new HostName("web2"), TestFleet.RequestOf(other, "web2"));
            Assert.Equal(JoinRefusalReason.UsedToken, refused.Refusal.Reason);
        }
        Assert.IsType<Admission.Granted>(reborn.Admit(token, _web1, TestFleet.RequestOf(key, "web1")));
    }

    [Fact]
    public void Nothing_is_given_out_that_could_not_be_written()
    {
        var token = Token();
        using var key = PrivateKey.Make();
        _fleet.Files.Break(TestFleet.Paths.AuthorityDocument, KernelFault.NoSpace);

        Assert.Equal(JoinRefusalReason.Failed, Refused(token, "web1", key).Reason);
        Assert.Equal(RefusalKind.Failed, _fleet.Authority.MakeToken(_hour).Refusal!.Kind);
        _fleet.Files.Restore(TestFleet.Paths.AuthorityDocument);
        Admitted(Token(), "web2", _fleet.Own(PrivateKey.Make()));
        _fleet.Files.Break(TestFleet.Paths.AuthorityDocument, KernelFault.NoSpace);
        Assert.Equal(RefusalKind.Failed, _fleet.Authority.Revoke(new HostName("web2")).Refusal!.Kind);

        _fleet.Files.Restore(TestFleet.Paths.AuthorityDocument);
        Assert.Equal(0ul, _fleet.Authority.Trust.Current.Revocations.Number);
        Admitted(token, "web1", key);
    }

    [Fact]
    public void A_revoked_host_loses_all_its_certificates_its_key_and_its_name()
    {
        using var key = PrivateKey.Make();
        using var fresh = PrivateKey.Make();
        var first = Admitted(Token(), "web1", key);
        var second = Admitted(Token(), "web1", key);

        var list = _fleet.Authority.Revoke(_web1).Value;

        Assert.Equal(1ul, list.Number);
        Assert.NotNull(list.Find(first.Serial));
        Assert.NotNull(list.Find(second.Serial));
        Assert.Equal(JoinRefusalReason.RevokedKey, Refused(Token(), "web1", key).Reason);
        var rejoined = Admitted(Token(), "web1", fresh);
        Assert.Null(_fleet.Authority.Trust.Current.Revocations.Find(rejoined.Serial));
    }

    [Fact]
    public void Revocations_outlive_a_restart_and_the_same_revocation_changes_nothing()
    {
        using var key = PrivateKey.Make();
        var revoked = Admitted(Token(), "web1", key);
        _fleet.Authority.Revoke(_web1);

        using var reborn = Reopened(_fleet.Files);

        Assert.NotNull(reborn.Trust.Current.Revocations.Find(revoked.Serial));
        Assert.Equal(1ul, reborn.Revoke(_web1).Value.Number);
        Assert.Equal(RefusalKind.NotFound, reborn.Revoke(new HostName("unknown")).Refusal!.Kind);
    }

    [Fact]
    public void The_host_that_has_the_authority_is_not_revoked()
    {
        using var reborn = Reopened(_fleet.Files);

        Assert.Equal(RefusalKind.WrongState, _fleet.Authority.Revoke(TestFleet.First).Refusal!.Kind);
        Assert.Equal(RefusalKind.WrongState, reborn.Revoke(TestFleet.First).Refusal!.Kind);
        Assert.IsType<PeerVerdict.Accepted>(_fleet.Judge(_fleet.Founded.Member.Certificate));
    }

    [Fact]
    public void A_revocation_is_left_out_once_its_certificate_has_ended_and_the_number_grows()
    {
        using var key = PrivateKey.Make();
        var revoked = Admitted(Token(), "web1", key);
        _fleet.Authority.Revoke(_web1);
        _fleet.Time.Now = revoked.NotAfter + FleetClock.Tolerance;
        Token();
        Assert.NotNull(_fleet.Authority.Trust.Current.Revocations.Find(revoked.Serial));

        _fleet.Time.Now = revoked.NotAfter + 3 * FleetClock.Tolerance;
        Token();

        Assert.Empty(_fleet.Authority.Trust.Current.Revocations.Entries);
        Assert.Equal(2ul, _fleet.Authority.Trust.Current.Revocations.Number);
    }

    [Fact]
    public void A_renewal_gives_a_later_certificate_for_the_same_or_another_key()
    {
        using var key = PrivateKey.Make();
        using var next = PrivateKey.Make();
        var first = Admitted(Token(), "web1", key);
        _fleet.Time.Now += TimeSpan.FromDays(60);

        var renewed = Of(_fleet.Authority.Renew(first, TestFleet.RequestOf(next, "web1")));

        Assert.Equal(first.NotAfter + TimeSpan.FromDays(60), renewed.NotAfter);
        Assert.Equal((_web1, next.Fingerprint), (renewed.Host, renewed.Key));
        // Both are valid until the first ends; the name is the new key's.
        Assert.Equal(JoinRefusalReason.NameTaken, Refused(Token(), "web1", key).Reason);
        Assert.Equal(2, _fleet.Authority.Revoke(_web1).Value.Entries.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_host_has_64_certificates_that_have_not_ended_at_most_and_is_revoked_all_the_same(bool renews)
    {
        var token = Token();
        using var key = PrivateKey.Make();
        var request = TestFleet.RequestOf(key, "web1");
        var first = Admitted(token, "web1", key);
        Admission Ask() =>
            renews ? _fleet.Authority.Renew(first, request) : _fleet.Authority.Admit(token, _web1, request);
        for (var count = 1; count < 64; count++)
            Assert.IsType<Admission.Granted>(Ask());

        var refused = Assert.IsType<Admission.Refused>(Ask()).Refusal;

        Assert.Equal((JoinRefusalReason.TooMany, RefusalKind.Busy), (refused.Reason, refused.ToRefusal(_web1).Kind));
        Assert.Contains("64 certificates", refused.Why, StringComparison.Ordinal);
        Assert.Equal(64, _fleet.Authority.State.Hosts[_web1].Certificates.Length);
        var list = _fleet.Authority.Revoke(_web1).Value;
        Assert.Equal(64, list.Entries.Length);
        Assert.NotNull(list.Find(first.Serial));
    }

    [Fact]
    public void Certificates_that_have_ended_make_room_for_others()
    {
        using var key = PrivateKey.Make();
        var request = TestFleet.RequestOf(key, "web1");
        var first = Admitted(Token(), "web1", key);
        while (_fleet.Authority.Renew(first, request) is Admission.Granted)
        {
        }

        _fleet.Time.Now = first.NotAfter + 3 * FleetClock.Tolerance;

        Assert.IsType<Admission.Granted>(_fleet.Authority.Renew(first, request));
        Assert.Single(_fleet.Authority.State.Hosts[_web1].Certificates);
    }

    [Fact]
    public void The_host_that_has_the_authority_always_gets_a_certificate()
    {
        using var key = PrivateKey.Make();
        var request = TestFleet.RequestOf(key, "first");
        var shown = _fleet.Founded.Member.Host;
        for (var count = 0; count < 100; count++)
            Assert.IsType<Admission.Granted>(_fleet.Authority.Renew(shown, request));

        var newest = Of(_fleet.Authority.Renew(shown, request));

        var kept = _fleet.Authority.State.Hosts[TestFleet.First].Certificates;
        Assert.Equal((64, newest.Serial), (kept.Length, kept[^1].Serial));
    }

    [Fact]
    public void An_authority_that_is_full_gives_nothing_out_and_revokes_all_the_same()
    {
        var full = Samples.Full(AuthorityDecider.MaxRecords);
        var (now, host) = (SetTime.Start, full.Hosts.First(each => each.Value.Certificates.Length == 64).Key);
        var next = new IssuedCertificate(CertificateSerial.Of([9]), full.Hosts[host].Key, now.AddDays(90));
        var other = new KeyFingerprint(Digest.Of("other"u8));

        var added = AuthorityDecider.AddToken(full, new TokenHash(Digest.Of("next"u8)), _hour, now);
        var admitted = AuthorityDecider.Renew(
            full, _fleet.Founded.Member.Host with { Host = _web1 }, other, next, now);
        var revoked = Assert.IsType<AuthorityDecision.Accepted>(AuthorityDecider.Revoke(full, host, now)).Next;

        Assert.Equal(RefusalKind.Busy, Assert.IsType<AuthorityDecision.Refused>(added).Refusal.Kind);
        Assert.Equal(
            JoinRefusalReason.TooMany, Assert.IsType<AdmissionDecision.Refused>(admitted).Refusal.Reason);
        Assert.True(revoked.Records < full.Records);
        Assert.NotNull(AuthorityDocument.Read(AuthorityDocument.Write(revoked), out _));
    }

    [Fact]
    public void A_revoked_host_gets_no_renewal()
    {
        using var key = PrivateKey.Make();
        using var next = PrivateKey.Make();
        var first = Admitted(Token(), "web1", key);
        _fleet.Authority.Revoke(_web1);

        var refused = (Admission.Refused)_fleet.Authority.Renew(first, TestFleet.RequestOf(next, "web1"));

        Assert.Equal(PeerRefusalReason.Revoked, refused.Refusal.Peer);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3651)]
    public void An_authority_out_of_time_signs_nothing(int days)
    {
        var token = Token();
        using var key = PrivateKey.Make();
        _fleet.Time.Now += TimeSpan.FromDays(days);

        Assert.Equal(JoinRefusalReason.AuthorityOutOfTime, Refused(token, "web1", key).Reason);
    }

    [Fact]
    public void Requests_at_once_get_one_answer_per_name()
    {
        var keys = Enumerable.Range(0, 8).Select(_ => _fleet.Own(PrivateKey.Make())).ToArray();
        var tokens = keys.Select(_ => Token()).ToArray();

        var answers = keys.Zip(tokens).AsParallel().WithDegreeOfParallelism(8)
            .Select(each => _fleet.Authority.Admit(each.Second, _web1, TestFleet.RequestOf(each.First, "web1")))
            .ToArray();

        Assert.Single(answers.OfType<Admission.Granted>());
        Assert.All(
            answers.OfType<Admission.Refused>(),
            refused => Assert.Equal(JoinRefusalReason.NameTaken, refused.Refusal.Reason));
    }

    private FleetAuthority Reopened(IDurableFiles files) =>
        FleetAuthority.Find(files, TestFleet.Paths, _fleet.Time, Lifetimes.Default).Value!;

    private JoinToken Token() => _fleet.Authority.MakeToken(_hour).Value;

    private HostCertificate Admitted(JoinToken token, string host, PrivateKey key) =>
        Of(_fleet.Authority.Admit(token, new HostName(host), TestFleet.RequestOf(key, host)));

    private JoinRefusal Refused(JoinToken token, string host, PrivateKey key) => Assert.IsType<Admission.Refused>(
        _fleet.Authority.Admit(token, new HostName(host), TestFleet.RequestOf(key, host))).Refusal;

    private static HostCertificate Of(Admission admission)
    {
        var granted = Assert.IsType<Admission.Granted>(admission);
        using var certificate = HostCertificate.Load(granted.Certificate.Span)!;
        Assert.True(HostCertificate.TryRead(certificate, out var host));
        return host;
    }
}
