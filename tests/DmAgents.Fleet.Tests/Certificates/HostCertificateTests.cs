using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Fleet.Tests.Certificates;

public sealed class HostCertificateTests : IDisposable
{
    private readonly TestFleet _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public void It_names_its_host_and_fleet_and_is_for_servers_and_clients_only()
    {
        var certificate = _fleet.Host("web1", out var key);

        Assert.True(HostCertificate.TryRead(certificate, out var host));
        Assert.Equal(
            (_fleet.Authority.Id, new FleetName("prod"), new HostName("web1"), key.Fingerprint),
            (host.FleetId, host.FleetName, host.Host, host.Key));
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames();
        Assert.Equal([$"web1.{_fleet.Authority.Id.Label}.dmagents.internal"], names);
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(
            X509KeyUsageFlags.DigitalSignature,
            certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
        Assert.Equal(
            ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
            certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages
                .OfType<Oid>().Select(oid => oid.Value));
    }

    [Fact]
    public void It_begins_a_tolerance_before_and_lives_as_long_as_was_asked()
    {
        _fleet.Time.Now = SetTime.Start + TimeSpan.FromMilliseconds(700);

        Assert.True(HostCertificate.TryRead(_fleet.Host("web1"), out var host));

        Assert.Equal(SetTime.Start - FleetClock.Tolerance, host.NotBefore);
        Assert.Equal(SetTime.Start + TimeSpan.FromDays(90), host.NotAfter);
    }

    [Fact]
    public void It_does_not_outlive_its_authority()
    {
        _fleet.Time.Now = _fleet.Authority.Certificate.NotAfter - TimeSpan.FromDays(1);

        Assert.True(HostCertificate.TryRead(_fleet.Host("web1"), out var host));

        Assert.Equal(_fleet.Authority.Certificate.NotAfter, host.NotAfter);
    }

    [Fact]
    public void Serial_numbers_are_random_and_long()
    {
        var serials = Enumerable.Range(0, 20).Select(number => _fleet.Host($"web{number}"))
            .Select(certificate => certificate.SerialNumberBytes.ToArray()).ToArray();

        Assert.All(serials, serial => Assert.Equal(16, serial.Length));
        Assert.Equal(20, serials.Select(Convert.ToHexString).Distinct().Count());
        Assert.Equal(20, serials.Select(serial => Convert.ToHexString(serial.AsSpan(8))).Distinct().Count());
    }

    [Fact]
    public void What_a_request_wishes_for_is_not_granted()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var wishes = new CertificateRequest("CN=root, O=other", key, HashAlgorithmName.SHA256);
        wishes.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        wishes.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(CertificateNames.DnsName(_fleet.Authority.Id, new HostName("victim")));
        wishes.CertificateExtensions.Add(names.Build());
        var request = SigningRequest.Read(wishes.CreateSigningRequest(), out var why);
        Assert.True(request is not null, why);
        var token = _fleet.Authority.MakeToken(TimeSpan.FromHours(1)).Value;

        var granted = (Admission.Granted)_fleet.Authority.Admit(token, new HostName("web1"), request);

        using var certificate = X509CertificateLoader.LoadCertificate(granted.Certificate.Span);
        Assert.True(HostCertificate.TryRead(certificate, out var host));
        Assert.Equal(new HostName("web1"), host.Host);
        Assert.IsType<PeerVerdict.Accepted>(_fleet.Judge(certificate, "web1"));
    }

    [Fact]
    public void A_request_whose_signature_does_not_hold_is_refused()
    {
        using var key = PrivateKey.Make();
        var request = key.RequestFor(new HostName("web1"));
        request[^1] ^= 1;

        Assert.Null(SigningRequest.Read(request, out var why));
        Assert.Contains("signature", why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_with_a_key_of_another_kind_is_refused()
    {
        using var rsa = RSA.Create(2048);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var byRsa = new CertificateRequest("CN=web1", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var byCurve = new CertificateRequest("CN=web1", curve, HashAlgorithmName.SHA256);

        Assert.Null(SigningRequest.Read(byRsa.CreateSigningRequest(), out _));
        Assert.Null(SigningRequest.Read(byCurve.CreateSigningRequest(), out var why));
        Assert.Contains("P-256", why, StringComparison.Ordinal);
    }

    [Fact]
    public void Garbage_cut_and_long_requests_are_refused()
    {
        using var key = PrivateKey.Make();
        var request = key.RequestFor(new HostName("web1"));

        for (var length = 0; length < request.Length; length++)
            Assert.Null(SigningRequest.Read(request.AsSpan(0, length), out _));
        Assert.Null(SigningRequest.Read([.. request, 0], out _));
        Assert.Null(SigningRequest.Read(new byte[SigningRequest.MaxBytes + 1], out _));
        for (var seed = 0; seed < 500; seed++)
        {
            var damaged = (byte[])request.Clone();
            new Random(seed).NextBytes(damaged.AsSpan(seed % (request.Length - 8), 8));
            Assert.Null(SigningRequest.Read(damaged, out _));
        }
    }

    [Fact]
    public void A_key_is_read_as_it_was_written_and_no_other_kind_is()
    {
        using var key = PrivateKey.Make();
        Assert.True(PrivateKey.TryRead(key.ToPem(), out var read));
        using (read)
            Assert.Equal(key.Fingerprint, read.Fingerprint);
        using var rsa = RSA.Create(2048);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Assert.False(PrivateKey.TryRead(System.Text.Encoding.ASCII.GetBytes(rsa.ExportPkcs8PrivateKeyPem()), out _));
        Assert.False(PrivateKey.TryRead(System.Text.Encoding.ASCII.GetBytes(curve.ExportPkcs8PrivateKeyPem()), out _));
        Assert.False(PrivateKey.TryRead("garbage"u8, out _));
        Assert.False(PrivateKey.TryRead([], out _));
    }

    [Fact]
    public void An_authority_certificate_is_nothing_else()
    {
        var authority = _fleet.Authority.Certificate;
        Assert.True(AuthorityCertificate.TryRead(authority.Der.Span, out var read));
        Assert.Equal(
            (authority.FleetId, authority.FleetName, authority.Fingerprint),
            (read.FleetId, read.FleetName, read.Fingerprint));

        Assert.False(AuthorityCertificate.TryRead(_fleet.Host("web1").RawData, out _));
        Assert.False(AuthorityCertificate.TryRead([], out _));
        Assert.False(AuthorityCertificate.TryRead([.. authority.Der.Span, 0], out _));
        for (var length = 0; length < authority.Der.Length; length++)
            Assert.False(AuthorityCertificate.TryRead(authority.Der.Span[..length], out _));
    }

    [Fact]
    public void A_lifetime_of_a_host_is_bounded()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Lifetimes(TimeSpan.FromDays(1), TimeSpan.FromMinutes(59)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Lifetimes(TimeSpan.FromDays(1), TimeSpan.FromDays(367)));
    }
}
