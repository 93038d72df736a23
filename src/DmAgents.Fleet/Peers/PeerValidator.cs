using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;

namespace DmAgents.Fleet.Peers;

/// <summary>The verdict on a certificate: a host of the fleet, or refused.</summary>
public abstract record PeerVerdict
{
    private PeerVerdict()
    {
    }

    public sealed record Accepted(HostCertificate Host) : PeerVerdict;

    public sealed record Refused(PeerRefusal Refusal) : PeerVerdict;
}

/// <summary>
/// Judges peers' certificates by the newest trust at each handshake. It uses neither the system's store nor the
/// network, and compares times with <see cref="FleetClock.Tolerance"/>.
/// </summary>
public sealed class PeerValidator(Func<FleetTrust> trust, TimeProvider time)
{
    private const string NotReadable = "no subject and DNS name of that form";

    /// <summary>A callback for SslStream and its wrappers (Akka's DotNettySslSetup). It ignores the platform's own
    /// errors, which come from the system's store.</summary>
    /// <param name="expected">The host that is called, or null for any host of the fleet.</param>
    /// <param name="judged">Called with each verdict, to log it or to answer the peer.</param>
    public RemoteCertificateValidationCallback Callback(HostName? expected, Action<PeerVerdict>? judged = null) =>
        (_, certificate, _, _) =>
        {
            var verdict = Judge(certificate, expected);
            judged?.Invoke(verdict);
            return verdict is PeerVerdict.Accepted;
        };

    public PeerVerdict Judge(X509Certificate? certificate, HostName? expected)
    {
        if (certificate is null)
            return new PeerVerdict.Refused(PeerRefusal.NoCertificate());
        if (certificate is X509Certificate2 whole)
            return Judge(whole, expected, trust(), time.GetUtcNow());
        using var loaded = HostCertificate.Load(certificate.GetRawCertData());
        return loaded is null
            ? new PeerVerdict.Refused(PeerRefusal.NotOfAFleet("it is too long, or damaged"))
            : Judge(loaded, expected, trust(), time.GetUtcNow());
    }

    /// <summary>As above, at a time given by the caller. Pure.</summary>
    public static PeerVerdict Judge(
        X509Certificate2 certificate, HostName? expected, FleetTrust trust, DateTimeOffset now)
    {
        try
        {
            return JudgeReadable(certificate, expected, trust, now);
        }
        catch (Exception cause) when (Untrusted.IsMalformed(cause))
        {
            return new PeerVerdict.Refused(PeerRefusal.NotOfAFleet($"it is damaged: {cause.Message}"));
        }
    }

    private static PeerVerdict JudgeReadable(
        X509Certificate2 certificate, HostName? expected, FleetTrust trust, DateTimeOffset now)
    {
        var isSpelledAsHost = HostCertificate.TryRead(certificate, out var host);
        var refusal = SignerOf(certificate, trust) is { } signer
            ? isSpelledAsHost
                ? RefusalOf(certificate, host!, signer, expected, trust, now)
                : PeerRefusal.NotAHostsCertificate(NotReadable)
            : RefusalOfUnsigned(certificate, host, trust);
        return refusal is null ? new PeerVerdict.Accepted(host!) : new PeerVerdict.Refused(refusal);
    }

    /// <summary>Judges a certificate that the fleet signed. A revocation comes before the times, because its next step
    /// differs.</summary>
    private static PeerRefusal? RefusalOf(
        X509Certificate2 certificate, HostCertificate host, AuthorityCertificate signer, HostName? expected,
        FleetTrust trust, DateTimeOffset now)
    {
        if (host.FleetId != trust.Id || host.FleetName != trust.Name)
            return PeerRefusal.NotAHostsCertificate("it names another fleet");
        if (MisuseOf(certificate) is { } misuse)
            return PeerRefusal.NotAHostsCertificate(misuse);
        if (trust.Revocations.Find(host.Serial) is { } revoked)
            return PeerRefusal.Revoked(host, revoked.At);
        if (now < signer.NotBefore - FleetClock.Tolerance || now > signer.NotAfter + FleetClock.Tolerance)
            return PeerRefusal.AuthorityOutOfTime(signer, now);
        if (now < host.NotBefore - FleetClock.Tolerance)
            return PeerRefusal.NotYetValid(host, now);
        if (now > host.NotAfter + FleetClock.Tolerance)
            return PeerRefusal.Expired(host, now);
        return expected is { } name && name != host.Host ? PeerRefusal.OtherHost(host, name) : null;
    }

    private static PeerRefusal RefusalOfUnsigned(
        X509Certificate2 certificate, HostCertificate? host, FleetTrust trust)
    {
        if (certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
            return PeerRefusal.SelfSigned();
        if (host is null)
            return PeerRefusal.NotOfAFleet(NotReadable);
        return host.FleetId == trust.Id
            ? PeerRefusal.NotSignedByTheFleet(host, trust)
            : PeerRefusal.OtherFleet(host, trust);
    }

    /// <summary>Why a certificate signed by the fleet is not a host's; null if it is one.</summary>
    private static string? MisuseOf(X509Certificate2 certificate)
    {
        var extensions = certificate.Extensions;
        if (extensions.OfType<X509BasicConstraintsExtension>().Any(basic => basic.CertificateAuthority))
            return "it is an authority's";
        if (!extensions.OfType<X509KeyUsageExtension>()
            .Any(usage => usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature)))
        {
            return "its key may not sign";
        }
        var usages = extensions.OfType<X509EnhancedKeyUsageExtension>()
            .SelectMany(usage => usage.EnhancedKeyUsages.OfType<Oid>()).Select(oid => oid.Value).ToArray();
        if (!usages.Contains(HostCertificate.ServerAuthentication)
            || !usages.Contains(HostCertificate.ClientAuthentication))
        {
            return "it is not for servers and clients";
        }
        return Keys.IsP256(certificate.PublicKey) ? null : "its key is not ECDSA on P-256";
    }

    /// <summary>The fleet's authority that directly signed the certificate; null if none did. Builds one chain per
    /// authority: an authority and its successor have the same name, and a chain takes the first of a name.</summary>
    private static AuthorityCertificate? SignerOf(X509Certificate2 certificate, FleetTrust trust) =>
        trust.Authorities.FirstOrDefault(authority => IsSignedBy(certificate, authority));

    private static bool IsSignedBy(X509Certificate2 certificate, AuthorityCertificate authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy = OfflinePolicy();
        chain.ChainPolicy.CustomTrustStore.Add(authority.Certificate);
        try
        {
            return chain.Build(certificate) && chain.ChainElements.Count == 2
                && chain.ChainElements[1].Certificate.RawDataMemory.Span.SequenceEqual(authority.Der.Span);
        }
        finally
        {
            foreach (var element in chain.ChainElements)
                element.Certificate.Dispose();
        }
    }

    /// <summary>Trusts only what is added. Uses neither the network nor a clock: this class compares the
    /// times.</summary>
    internal static X509ChainPolicy OfflinePolicy() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid,
    };
}
