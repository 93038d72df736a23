using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;

namespace DmAgents.Fleet.Peers;

/// <summary>
/// TLS between members: version 1.3, certificates on both sides, no resumption (a resumed session would outlive a
/// revocation). No content of a certificate makes the platform open a connection.
/// </summary>
public static class FleetTls
{
    /// <param name="own">With its key.</param>
    /// <param name="validate">From <see cref="PeerValidator.Callback"/>.</param>
    public static SslServerAuthenticationOptions Server(
        X509Certificate2 own, RemoteCertificateValidationCallback validate) => new()
    {
        ServerCertificateContext = Context(own),
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        AllowRenegotiation = false,
        AllowTlsResume = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = PeerValidator.OfflinePolicy(),
        RemoteCertificateValidationCallback = validate,
    };

    /// <param name="own">With its key; null for a host that has none yet.</param>
    /// <param name="fleet">With <paramref name="host"/>: the expected name.</param>
    public static SslClientAuthenticationOptions Client(
        X509Certificate2? own, RemoteCertificateValidationCallback validate, FleetId? fleet, HostName? host) => new()
    {
        TargetHost = fleet is { } id && host is { } name ? CertificateNames.DnsName(id, name) : "",
        ClientCertificateContext = own is null ? null : Context(own),
        EnabledSslProtocols = SslProtocols.Tls13,
        AllowRenegotiation = false,
        AllowTlsResume = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = PeerValidator.OfflinePolicy(),
        RemoteCertificateValidationCallback = validate,
    };

    private static SslStreamCertificateContext Context(X509Certificate2 own) =>
        SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true);
}
