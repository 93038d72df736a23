using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Fleet.Tests.Peers;

public sealed class HandshakeTests : IDisposable
{
    private readonly TestFleet _fleet = new();

    public static TheoryData<string> BadKinds => [.. BadCertificates.Kinds.Keys];

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public async Task Two_hosts_of_a_fleet_trust_each_other()
    {
        var shake = await Handshake.MakeAsync(
            _fleet.Validator, _fleet.Host("web1"), _fleet.Host("web2"), called: "web1", caller: "web2");

        Assert.Equal("web2", Assert.IsType<PeerVerdict.Accepted>(shake.Server).Host.Host.Value);
        Assert.Equal("web1", Assert.IsType<PeerVerdict.Accepted>(shake.Client).Host.Host.Value);
        Assert.Equal((true, true), (shake.ServerRead, shake.ClientRead));
    }

    [Theory, MemberData(nameof(BadKinds))]
    public async Task A_client_refuses_a_server_with_a_certificate_that_is(string kind)
    {
        var bad = BadCertificates.Make(_fleet, kind);

        var shake = await Handshake.MakeAsync(
            _fleet.Validator, bad, _fleet.Host("good"), called: BadCertificates.Called);

        AssertRefused(kind, shake.Client);
        Assert.Equal((false, false), (shake.ServerRead, shake.ClientRead));
    }

    [Theory, MemberData(nameof(BadKinds))]
    public async Task A_server_refuses_a_client_with_a_certificate_that_is(string kind)
    {
        var bad = BadCertificates.Make(_fleet, kind);

        var shake = await Handshake.MakeAsync(
            _fleet.Validator, _fleet.Host("good"), bad, caller: BadCertificates.Called);

        AssertRefused(kind, shake.Server);
        Assert.False(shake.ServerRead);
    }

    [Fact]
    public async Task A_server_refuses_a_client_without_a_certificate()
    {
        var shake = await Handshake.MakeAsync(_fleet.Validator, _fleet.Host("web1"), client: null);

        Assert.Equal(PeerRefusalReason.NoCertificate, ReasonOf(shake.Server));
        Assert.False(shake.ServerRead);
    }

    [Theory]
    [InlineData(PeerRefusalReason.NotYetValid, -601, true)]
    [InlineData(PeerRefusalReason.NotYetValid, -599, false)]
    [InlineData(PeerRefusalReason.Expired, 90 * 24 * 3600 + 299, false)]
    [InlineData(PeerRefusalReason.Expired, 90 * 24 * 3600 + 301, true)]
    public void Times_are_compared_with_the_tolerance(PeerRefusalReason reason, int seconds, bool isRefused)
    {
        // The authority is older than the certificate, so that only the latter's times count.
        _fleet.Time.Now += TimeSpan.FromDays(1);
        var certificate = _fleet.Host("web1");
        _fleet.Time.Now += TimeSpan.FromSeconds(seconds);

        var verdict = _fleet.Judge(certificate);

        if (isRefused)
            Assert.Equal(reason, ReasonOf(verdict));
        else
            Assert.IsType<PeerVerdict.Accepted>(verdict);
    }

    [Theory]
    [InlineData(-11)]
    [InlineData(3650 * 24 * 60 + 6)]
    public void An_authority_out_of_time_makes_its_certificates_so(int minutes)
    {
        var certificate = _fleet.Host("web1");
        _fleet.Time.Now += TimeSpan.FromMinutes(minutes);

        Assert.Equal(PeerRefusalReason.AuthorityOutOfTime, ReasonOf(_fleet.Judge(certificate)));
    }

    [Fact]
    public async Task A_revocation_counts_from_the_next_handshake_on_without_a_restart()
    {
        PeerVerdict? byServer = null;
        var server = FleetTls.Server(
            _fleet.Host("web1"), _fleet.Validator.Callback(null, verdict => byServer = verdict));
        var client = FleetTls.Client(_fleet.Host("web2"), _fleet.Validator.Callback(null), null, null);
        Task<Handshake> MakeAsync() => Handshake.MakeAsync(
            server, client, (serverRead, clientRead) => new Handshake(byServer, null, serverRead, clientRead));
        Assert.True((await MakeAsync()).ServerRead);

        _fleet.Authority.Revoke(new HostName("web2"));
        var after = await MakeAsync();

        Assert.Equal(PeerRefusalReason.Revoked, ReasonOf(after.Server));
        Assert.False(after.ServerRead);
    }

    [Fact]
    public void An_authority_that_is_added_counts_at_once_and_one_that_is_removed_does_no_more()
    {
        using var key = PrivateKey.Make();
        var other = AuthorityCertificate.Make(
            key, _fleet.Authority.Name, _fleet.Authority.Id, SetTime.Start, Lifetimes.Default);
        var list = RevocationList.Sign(other, key, 0, SetTime.Start, []);
        var current = _fleet.Authority.Trust.Current;
        var ofFirst = _fleet.Host("web1");
        using var hostKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var ofOther = BadCertificates.SignBy(
            _fleet, BadCertificates.Request(_fleet, hostKey), key, other.Certificate);
        Assert.Equal(PeerRefusalReason.NotSignedByTheFleet, ReasonOf(_fleet.Judge(ofOther)));

        Assert.True(_fleet.Authority.Trust.Offer(
            FleetTrust.Of([.. current.Authorities, other], list.Bytes.Span, out _)!));
        Assert.IsType<PeerVerdict.Accepted>(_fleet.Judge(ofFirst));
        Assert.IsType<PeerVerdict.Accepted>(_fleet.Judge(ofOther));

        Assert.True(_fleet.Authority.Trust.Offer(FleetTrust.Of([other], list.Bytes.Span, out _)!));
        Assert.Equal(PeerRefusalReason.NotSignedByTheFleet, ReasonOf(_fleet.Judge(ofFirst)));
        Assert.IsType<PeerVerdict.Accepted>(_fleet.Judge(ofOther));
    }

    [Fact]
    public async Task Older_versions_of_tls_are_refused()
    {
        var server = FleetTls.Server(_fleet.Host("web1"), _fleet.Validator.Callback(null));
        var client = FleetTls.Client(_fleet.Host("web2"), _fleet.Validator.Callback(null), null, null);
        client.EnabledSslProtocols = SslProtocols.Tls12;

        var shake = await Handshake.MakeAsync(
            server, client, (serverRead, clientRead) => new(null, null, serverRead, clientRead));

        Assert.Equal((false, false), (shake.ServerRead, shake.ClientRead));
    }

    [Fact]
    public async Task No_certificate_makes_the_other_side_open_a_connection()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/authority.crt";
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var unknown = PrivateKey.Make();
        var request = BadCertificates.Request(_fleet, key);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([url], [url]));
        using var signed = BadCertificates.SignBy(_fleet, request, unknown, _fleet.Host("web2"));
        using var luring = signed.CopyWithPrivateKey(key);

        var byClient = await Handshake.MakeAsync(_fleet.Validator, luring, _fleet.Host("web3"));
        var byServer = await Handshake.MakeAsync(_fleet.Validator, _fleet.Host("web4"), luring);

        Assert.Equal(PeerRefusalReason.NotSignedByTheFleet, ReasonOf(byClient.Client));
        Assert.Equal(PeerRefusalReason.NotSignedByTheFleet, ReasonOf(byServer.Server));
        Assert.False(listener.Pending());
    }

    [Fact]
    public void A_damaged_certificate_is_refused_and_never_throws()
    {
        var good = _fleet.Host("web1").RawData;
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var damaged = (byte[])good.Clone();
            for (var count = random.Next(1, 4); count > 0; count--)
                damaged[random.Next(damaged.Length)] ^= (byte)random.Next(1, 256);
            using var certificate = HostCertificate.Load(damaged);
            if (certificate is not null && !damaged.AsSpan().SequenceEqual(good))
                Assert.IsType<PeerVerdict.Refused>(_fleet.Judge(certificate));
        }
    }

    [Fact]
    public void A_callback_takes_certificates_of_the_older_type_and_none()
    {
        var callback = _fleet.Validator.Callback(expected: null);
        using var older = X509CertificateLoader.LoadCertificate(_fleet.Host("web1").RawData);

        Assert.True(callback(this, older, null, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(callback(this, null, null, SslPolicyErrors.None));
    }

    private static void AssertRefused(string kind, PeerVerdict? verdict)
    {
        var refusal = Assert.IsType<PeerVerdict.Refused>(verdict).Refusal;
        Assert.Equal(BadCertificates.Kinds[kind], refusal.Reason);
        Assert.NotEmpty(refusal.Why);
        Assert.NotEmpty(refusal.Next);
    }

    private static PeerRefusalReason ReasonOf(PeerVerdict? verdict) =>
        Assert.IsType<PeerVerdict.Refused>(verdict).Refusal.Reason;
}
