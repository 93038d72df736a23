using DmAgents.Actors.Fleet;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>This host's identity in its fleet, and the addresses of the other members, as of this moment. Reads no file
/// and asks no actor.</summary>
internal sealed class FleetIdentity(FleetBoard board)
{
    private FleetPlace? _current;

    /// <summary>Null while the host is in no fleet. Read it anew for each connection: the certificate is renewed from
    /// time to time.</summary>
    public FleetPlace? Current
    {
        get => Volatile.Read(ref _current);
        internal set => Volatile.Write(ref _current, value);
    }

    /// <summary>A member's address; null if this host sees no member of this name.</summary>
    public MemberAddress? AddressOf(HostName host) => board.Current.Members
        .Where(member => member.Host == host).Select(member => AddressOf(member.Address)).FirstOrDefault();

    /// <summary>The other members that this host can reach at this moment.</summary>
    public IEnumerable<HostName> Reached => board.Current.Members
        .Where(member => member is { Counts: true, IsReached: true }).Select(member => member.Host)
        .OfType<HostName>().Where(host => host != Current?.Host);

    /// <summary>The address at which a member serves layers.</summary>
    public MemberAddress? LayersAddressOf(HostName host) =>
        AddressOf(host) is { } address ? FleetPorts.LayersOf(address) : null;

    /// <summary>Null if it is no address of a member of this release.</summary>
    internal static MemberAddress? AddressOf(FleetAddress address) =>
        MemberAddress.TryParse(address.ToString(), out var member) && FleetPorts.Fit(member) ? member : null;
}
