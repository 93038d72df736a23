namespace DmAgents.Fleet.Authority;

/// <summary>The paths of a host's fleet files. Only the owner can read keys and the authority's document (mode
/// 0600).</summary>
/// <param name="Directory">An absolute path.</param>
public sealed record FleetPaths(string Directory)
{
    /// <summary>The authority's key, on the host that created the fleet.</summary>
    public string AuthorityKey => $"{Directory}/authority.key";

    /// <summary>The authority's state (<see cref="AuthorityDocument"/>): tokens, hosts, revocations.</summary>
    public string AuthorityDocument => $"{Directory}/authority.json";

    /// <summary>The authority's own certificate, PEM.</summary>
    public string AuthorityCertificate => $"{Directory}/authority.crt";

    /// <summary>The host's key.</summary>
    public string HostKey => $"{Directory}/host.key";

    /// <summary>The host's certificate, PEM. Written last: a host with this file is a member.</summary>
    public string HostCertificate => $"{Directory}/host.crt";

    /// <summary>The fleet's authorities, PEM, one after the other.</summary>
    public string Authorities => $"{Directory}/fleet.crt";

    /// <summary>The newest list of revocations (<see cref="Peers.RevocationList"/>).</summary>
    public string Revocations => $"{Directory}/revocations";
}
