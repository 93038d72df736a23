using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;

namespace DmAgents.Fleet.Certificates;

/// <summary>A fleet's CA certificate, without its key. It names the fleet.</summary>
public sealed class AuthorityCertificate
{
    /// <summary>The agent's own have some 500 bytes.</summary>
    public const int MaxBytes = 4096;

    private AuthorityCertificate(X509Certificate2 certificate, FleetName name, FleetId id)
    {
        Certificate = certificate;
        FleetName = name;
        FleetId = id;
        Fingerprint = new AuthorityFingerprint(Digest.Of(certificate.RawDataMemory.Span));
    }

    public FleetId FleetId { get; }

    public FleetName FleetName { get; }

    public AuthorityFingerprint Fingerprint { get; }

    public DateTimeOffset NotBefore => new(Certificate.NotBefore.ToUniversalTime());

    public DateTimeOffset NotAfter => new(Certificate.NotAfter.ToUniversalTime());

    public ReadOnlyMemory<byte> Der => Certificate.RawDataMemory;

    internal X509Certificate2 Certificate { get; }

    /// <summary>Creates a fleet's CA certificate for a key.</summary>
    public static AuthorityCertificate Make(
        PrivateKey key, FleetName name, FleetId id, DateTimeOffset now, Lifetimes lifetimes)
    {
        var request = new CertificateRequest(
            CertificateNames.OfAuthority(name, id), key.Ecdsa, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(
            request.PublicKey, X509SubjectKeyIdentifierHashAlgorithm.Sha256, critical: false));
        var from = FleetClock.ToSecond(now);
        using var made = request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key.Ecdsa),
            from - FleetClock.Tolerance, from + lifetimes.Authority, Serials.Make());
        return TryRead(made.RawDataMemory.Span, out var authority)
            ? authority
            : throw new InvalidOperationException("An authority's certificate that was just made cannot be read");
    }

    /// <summary>False if the bytes do not have the form of a fleet authority's certificate. The form proves nothing:
    /// callers must also compare the fingerprint with the known one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> der, [NotNullWhen(true)] out AuthorityCertificate? authority)
    {
        authority = null;
        if (der.Length > MaxBytes)
            return false;
        try
        {
            var certificate = X509CertificateLoader.LoadCertificate(der);
            if (certificate.RawDataMemory.Length == der.Length
                && CertificateNames.TryReadAuthority(certificate.SubjectName, out var name, out var id)
                && IsAuthority(certificate) && Keys.IsP256(certificate.PublicKey))
            {
                authority = new AuthorityCertificate(certificate, name, id);
                return true;
            }
            certificate.Dispose();
        }
        catch (Exception cause) when (Untrusted.IsMalformed(cause))
        {
            return false;
        }
        return false;
    }

    private static bool IsAuthority(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(basic => basic.CertificateAuthority)
        && certificate.Extensions.OfType<X509KeyUsageExtension>()
            .Any(usage => usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign));
}
