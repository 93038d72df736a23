using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;

namespace DmAgents.Fleet.Members;

/// <summary>A host's membership: its certificate with the key, and what it trusts.</summary>
/// <param name="Certificate">With its key, for TLS.</param>
/// <param name="Host">The certificate's content.</param>
/// <param name="Trust">As read from disk.</param>
public sealed record Member(X509Certificate2 Certificate, HostCertificate Host, FleetTrust Trust) : IDisposable
{
    public FleetId Fleet => Host.FleetId;

    public void Dispose() => Certificate.Dispose();
}
