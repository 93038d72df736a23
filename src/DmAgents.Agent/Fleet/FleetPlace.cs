using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Members;
using DmAgents.Fleet.Peers;

namespace DmAgents.Agent.Fleet;

/// <summary>A host's place in its fleet as of one moment. With another certificate it is another place.</summary>
/// <param name="Member">The host's certificate with its key. Connections that were made with it may outlive the place,
/// so it is not disposed of.</param>
/// <param name="Address">Where the other hosts reach this one.</param>
/// <param name="Issuer">The address of the host that made the fleet.</param>
/// <param name="Trust">What is trusted; follows revocations.</param>
/// <param name="Validator">Judges peers' certificates by that.</param>
internal sealed record FleetPlace(
    Member Member, MemberAddress Address, MemberAddress Issuer, TrustHolder Trust, PeerValidator Validator)
{
    public FleetName Fleet => Member.Host.FleetName;

    public FleetId Id => Member.Fleet;

    public HostName Host => Member.Host.Host;

    /// <summary>With its key, for TLS.</summary>
    public X509Certificate2 Certificate => Member.Certificate;

    public HostCertificate HostCertificate => Member.Host;

    /// <summary>It made the fleet, and has its authority.</summary>
    public bool IsIssuer => Address == Issuer;
}
