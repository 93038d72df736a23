using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;

namespace DmAgents.Fleet.Certificates;

/// <summary>The content of a fleet host's certificate. It is trustworthy only with the authority's signature: see
/// <see cref="Peers.PeerValidator"/>.</summary>
public sealed record HostCertificate(
    FleetId FleetId,
    FleetName FleetName,
    HostName Host,
    CertificateSerial Serial,
    KeyFingerprint Key,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter)
{
    /// <summary>The agent's own have some 600 bytes.</summary>
    public const int MaxBytes = 4096;

    internal const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    internal const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Signs a certificate for a host.</summary>
    public static X509Certificate2 Issue(
        AuthorityCertificate authority, PrivateKey key, SigningRequest request, HostName host,
        CertificateSerial serial, DateTimeOffset from, DateTimeOffset until)
    {
        var certificate = new CertificateRequest(
            CertificateNames.OfHost(authority.FleetName, host), request.Key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(CertificateNames.DnsName(authority.FleetId, host));
        certificate.CertificateExtensions.Add(names.Build());
        certificate.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        certificate.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        certificate.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid(ServerAuthentication), new Oid(ClientAuthentication)], critical: true));
        certificate.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(
            request.Key, X509SubjectKeyIdentifierHashAlgorithm.Sha256, critical: false));
        certificate.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            authority.Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        return certificate.Create(
            authority.Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(key.Ecdsa),
            from, until, serial.ToBytes());
    }

    /// <summary>False if the certificate does not have the form of a fleet host's certificate.</summary>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out HostCertificate? host)
    {
        host = null;
        try
        {
            if (!CertificateNames.TryReadHost(certificate.SubjectName, out var fleetName, out var subject)
                || DnsNameOf(certificate) is not { } dnsName
                || !CertificateNames.TryParseDnsName(dnsName, out var fleetId, out var name)
                || name != subject || certificate.SerialNumberBytes.Length is 0 or > CertificateSerial.MaxBytes)
            {
                return false;
            }
            host = new HostCertificate(
                fleetId, fleetName, name, CertificateSerial.Of(certificate.SerialNumberBytes.Span),
                Keys.FingerprintOf(certificate.PublicKey),
                new DateTimeOffset(certificate.NotBefore.ToUniversalTime()),
                new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
            return true;
        }
        catch (Exception cause) when (Untrusted.IsMalformed(cause))
        {
            return false;
        }
    }

    /// <summary>Reads a certificate from an untrusted source. Null if the bytes are not a certificate.</summary>
    internal static X509Certificate2? Load(ReadOnlySpan<byte> der)
    {
        try
        {
            return der.Length <= MaxBytes ? X509CertificateLoader.LoadCertificate(der) : null;
        }
        catch (Exception cause) when (Untrusted.IsMalformed(cause))
        {
            return null;
        }
    }

    /// <summary>The DNS name, if it is the certificate's only alternative name of any kind.</summary>
    private static string? DnsNameOf(X509Certificate2 certificate)
    {
        var extensions = certificate.Extensions.Where(extension => extension.Oid?.Value == "2.5.29.17").ToArray();
        if (extensions is not [var extension])
            return null;
        var names = new X509SubjectAlternativeNameExtension(extension.RawData);
        if (names.EnumerateDnsNames().ToArray() is not [var name])
            return null;
        var only = new SubjectAlternativeNameBuilder();
        only.AddDnsName(name);
        return only.Build().RawData.AsSpan().SequenceEqual(extension.RawData) ? name : null;
    }
}
