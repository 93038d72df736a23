using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;

namespace DmAgents.Fleet.Tests.Support;

/// <summary>Certificates that members refuse, each with its key, and the reason that is expected.</summary>
internal static class BadCertificates
{
    /// <summary>The host that the other side wants to talk to.</summary>
    public const string Called = "web1";

    public static IReadOnlyDictionary<string, PeerRefusalReason> Kinds { get; } =
        new Dictionary<string, PeerRefusalReason>
        {
            ["self-signed, with the names of a host of the fleet"] = PeerRefusalReason.SelfSigned,
            ["the authority's own"] = PeerRefusalReason.SelfSigned,
            ["of no fleet"] = PeerRefusalReason.NotOfAFleet,
            ["of another fleet"] = PeerRefusalReason.OtherFleet,
            ["of another fleet of the same name"] = PeerRefusalReason.OtherFleet,
            ["of an authority with the fleet's name and id, but another key"] = PeerRefusalReason.NotSignedByTheFleet,
            ["signed by a host of the fleet"] = PeerRefusalReason.NotSignedByTheFleet,
            ["of the fleet, for an authority below it"] = PeerRefusalReason.NotAHostsCertificate,
            ["of the fleet, for clients only"] = PeerRefusalReason.NotAHostsCertificate,
            ["of the fleet, for servers only"] = PeerRefusalReason.NotAHostsCertificate,
            ["of the fleet, for signing certificates only"] = PeerRefusalReason.NotAHostsCertificate,
            ["of the fleet, with two DNS names"] = PeerRefusalReason.NotAHostsCertificate,
            ["of the fleet, with the id of another"] = PeerRefusalReason.NotAHostsCertificate,
            ["of the fleet, with a subject that is another host"] = PeerRefusalReason.NotAHostsCertificate,
            ["of the fleet, with a key on another curve"] = PeerRefusalReason.NotAHostsCertificate,
            ["of the fleet, with an RSA key"] = PeerRefusalReason.NotAHostsCertificate,
            ["expired"] = PeerRefusalReason.Expired,
            ["not yet valid"] = PeerRefusalReason.NotYetValid,
            ["revoked"] = PeerRefusalReason.Revoked,
            ["revoked, and expired"] = PeerRefusalReason.Revoked,
            ["of another host"] = PeerRefusalReason.OtherHost,
        };

    public static X509Certificate2 Make(TestFleet fleet, string kind) => kind switch
    {
        "self-signed, with the names of a host of the fleet" => SelfSigned(fleet),
        "the authority's own" => fleet.Own(AuthorityKey(fleet).With(fleet.Authority.Certificate.Certificate)),
        "of no fleet" => OfNoFleet(fleet),
        "of another fleet" => fleet.Own(new TestFleet("other")).Host(Called),
        "of another fleet of the same name" => fleet.Own(new TestFleet()).Host(Called),
        "of an authority with the fleet's name and id, but another key" => Forged(fleet),
        "signed by a host of the fleet" => SignedByHost(fleet),
        "of the fleet, for an authority below it" => Signed(fleet, isAuthority: true),
        "of the fleet, for clients only" => Signed(fleet, usages: [HostCertificate.ClientAuthentication]),
        "of the fleet, for servers only" => Signed(fleet, usages: [HostCertificate.ServerAuthentication]),
        "of the fleet, for signing certificates only" => Signed(fleet, keyUsage: X509KeyUsageFlags.KeyCertSign),
        "of the fleet, with two DNS names" => Signed(fleet, names: [DnsName(fleet, Called), DnsName(fleet, "web2")]),
        "of the fleet, with the id of another" =>
            Signed(fleet, names: [CertificateNames.DnsName(new FleetId(Guid.NewGuid()), new HostName(Called))]),
        "of the fleet, with a subject that is another host" => Signed(fleet, names: [DnsName(fleet, "web2")]),
        "of the fleet, with a key on another curve" => Signed(fleet, curve: ECCurve.NamedCurves.nistP384),
        "of the fleet, with an RSA key" => SignedRsa(fleet),
        "expired" => AtAnotherTime(fleet, -TimeSpan.FromDays(90) - TimeSpan.FromMinutes(6)),
        "not yet valid" => AtAnotherTime(fleet, TimeSpan.FromMinutes(11)),
        "revoked" => Revoked(fleet, fleet.Host(Called)),
        "revoked, and expired" =>
            Revoked(fleet, AtAnotherTime(fleet, -TimeSpan.FromDays(90) - TimeSpan.FromMinutes(6))),
        "of another host" => fleet.Host("web2"),
        _ => throw new ArgumentException(kind),
    };

    /// <summary>A request for a good host's certificate, to be spoilt.</summary>
    public static CertificateRequest Request(
        TestFleet fleet, ECDsa key, string[]? usages = null, string[]? names = null,
        X509KeyUsageFlags keyUsage = X509KeyUsageFlags.DigitalSignature, bool isAuthority = false)
    {
        var request = new CertificateRequest(
            CertificateNames.OfHost(fleet.Authority.Name, new HostName(Called)), key, HashAlgorithmName.SHA256);
        Extend(request, fleet, usages, names, keyUsage, isAuthority);
        return request;
    }

    public static X509Certificate2 SignBy(
        TestFleet fleet, CertificateRequest request, PrivateKey signer, X509Certificate2 issuer) =>
        fleet.Own(request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(signer.Ecdsa),
            fleet.Time.Now - TimeSpan.FromMinutes(5), fleet.Time.Now + TimeSpan.FromDays(1), Serials.Make()));

    public static PrivateKey AuthorityKey(TestFleet fleet)
    {
        Assert.True(PrivateKey.TryRead(fleet.Files.Read(TestFleet.Paths.AuthorityKey).Value, out var key));
        return fleet.Own(key);
    }

    private static void Extend(
        CertificateRequest request, TestFleet fleet, string[]? usages, string[]? names, X509KeyUsageFlags keyUsage,
        bool isAuthority)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in names ?? [DnsName(fleet, Called)])
            builder.AddDnsName(name);
        request.CertificateExtensions.Add(builder.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(keyUsage, true));
        var oids = new OidCollection();
        foreach (var usage in usages ?? [HostCertificate.ServerAuthentication, HostCertificate.ClientAuthentication])
            oids.Add(new Oid(usage));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, true));
    }

    private static X509Certificate2 Signed(
        TestFleet fleet, string[]? usages = null, string[]? names = null,
        X509KeyUsageFlags keyUsage = X509KeyUsageFlags.DigitalSignature, bool isAuthority = false,
        ECCurve? curve = null)
    {
        var key = fleet.Own(ECDsa.Create(curve ?? ECCurve.NamedCurves.nistP256));
        var request = Request(fleet, key, usages, names, keyUsage, isAuthority);
        var signed = SignBy(fleet, request, AuthorityKey(fleet), fleet.Authority.Certificate.Certificate);
        return fleet.Own(signed.CopyWithPrivateKey(key));
    }

    private static X509Certificate2 SignedRsa(TestFleet fleet)
    {
        var key = fleet.Own(RSA.Create(2048));
        var request = new CertificateRequest(
            CertificateNames.OfHost(fleet.Authority.Name, new HostName(Called)), key, HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1);
        Extend(request, fleet, null, null, X509KeyUsageFlags.DigitalSignature, isAuthority: false);
        var signed = SignBy(fleet, request, AuthorityKey(fleet), fleet.Authority.Certificate.Certificate);
        return fleet.Own(signed.CopyWithPrivateKey(key));
    }

    private static X509Certificate2 SelfSigned(TestFleet fleet)
    {
        var key = fleet.Own(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        return fleet.Own(Request(fleet, key).CreateSelfSigned(
            fleet.Time.Now - TimeSpan.FromDays(1), fleet.Time.Now + TimeSpan.FromDays(1)));
    }

    private static X509Certificate2 OfNoFleet(TestFleet fleet)
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=Some CA", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var (from, until) = (fleet.Time.Now - TimeSpan.FromDays(1), fleet.Time.Now + TimeSpan.FromDays(1));
        using var issuer = authority.CreateSelfSigned(from, until);
        var key = fleet.Own(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var request = new CertificateRequest("CN=www.example.com", key, HashAlgorithmName.SHA256);
        using var signed = request.Create(issuer, from, until, Serials.Make());
        return fleet.Own(signed.CopyWithPrivateKey(key));
    }

    private static X509Certificate2 Forged(TestFleet fleet)
    {
        var authorityKey = fleet.Own(PrivateKey.Make());
        var authority = AuthorityCertificate.Make(
            authorityKey, fleet.Authority.Name, fleet.Authority.Id, fleet.Time.Now, Lifetimes.Default);
        var key = fleet.Own(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var signed = SignBy(fleet, Request(fleet, key), authorityKey, authority.Certificate);
        return fleet.Own(signed.CopyWithPrivateKey(key));
    }

    private static X509Certificate2 SignedByHost(TestFleet fleet)
    {
        var host = fleet.Host("web2", out var hostKey);
        var key = fleet.Own(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        return fleet.Own(SignBy(fleet, Request(fleet, key), hostKey, host).CopyWithPrivateKey(key));
    }

    private static X509Certificate2 AtAnotherTime(TestFleet fleet, TimeSpan offset)
    {
        var now = fleet.Time.Now;
        fleet.Time.Now = now + TimeSpan.FromDays(100);
        now = fleet.Time.Now;
        fleet.Time.Now += offset;
        var certificate = fleet.Host(Called);
        fleet.Time.Now = now;
        return certificate;
    }

    private static X509Certificate2 Revoked(TestFleet fleet, X509Certificate2 certificate)
    {
        Assert.True(fleet.Authority.Revoke(new HostName(Called)).Succeeded);
        return certificate;
    }

    private static string DnsName(TestFleet fleet, string host) =>
        CertificateNames.DnsName(fleet.Authority.Id, new HostName(host));
}
