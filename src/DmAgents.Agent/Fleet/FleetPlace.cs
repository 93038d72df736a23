using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Members;
using DmAgents.Fleet.Peers;

namespace DmAgents.Agent.Fleet;

/// <summary>A host's place in its fleet at one moment. Another certificate makes another place.</summary>
/// <param name="Member">The host's certificate with its key. It is not disposed, because connections made with it may
/// outlive the place.</param>
/// <param name="Address">The address at which the other hosts reach this one.</param>
/// <param name="Issuer">The address of the host that formed the fleet.</param>
/// <param name="Trust">The current trust; follows revocations.</param>
/// <param name="Validator">Validates peers' certificates against <paramref name="Trust"/>.</param>
internal sealed record FleetPlace(
    Member Member, MemberAddress Address, MemberAddress Issuer, TrustHolder Trust, PeerValidator Validator)
{
    public FleetName Fleet => Member.Host.FleetName;

    public FleetId Id => Member.Fleet;

    public HostName Host => Member.Host.Host;

    /// <summary>With its key, for TLS.</summary>
    public X509Certificate2 Certificate => Member.Certificate;

    public HostCertificate HostCertificate => Member.Host;

    /// <summary>This host formed the fleet, and has its authority.</summary>
    public bool IsIssuer => Address == Issuer;
}
