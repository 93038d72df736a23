namespace DmAgents.Fleet.Authority;

/// <summary>Where a host keeps its fleet's files. Keys and the authority's document are their owner's alone (mode
/// 0600).</summary>
/// <param name="Directory">Absolute.</param>
public sealed record FleetPaths(string Directory)
{
    /// <summary>The authority's key, on the host that made the fleet.</summary>
    public string AuthorityKey => $"{Directory}/authority.key";

    /// <summary>The authority's state (<see cref="AuthorityDocument"/>): tokens, hosts, revocations.</summary>
    public string AuthorityDocument => $"{Directory}/authority.json";

    /// <summary>The authority's own certificate, PEM.</summary>
    public string AuthorityCertificate => $"{Directory}/authority.crt";

    /// <summary>The host's key.</summary>
    public string HostKey => $"{Directory}/host.key";

    /// <summary>The host's certificate, PEM. Written last: a host that has it is a member.</summary>
    public string HostCertificate => $"{Directory}/host.crt";

    /// <summary>The fleet's authorities, PEM, one behind the other.</summary>
    public string Authorities => $"{Directory}/fleet.crt";

    /// <summary>The newest list of revocations (<see cref="Peers.RevocationList"/>).</summary>
    public string Revocations => $"{Directory}/revocations";
}
