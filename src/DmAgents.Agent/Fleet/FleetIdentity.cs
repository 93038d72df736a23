using DmAgents.Actors.Fleet;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>What this host is in its fleet, and where the other members are, as of this moment. Reads no file and asks
/// no actor.</summary>
internal sealed class FleetIdentity(FleetBoard board)
{
    private FleetPlace? _current;

    /// <summary>Null while the host is in no fleet. It is read anew for each connection: the certificate
    /// is renewed from time to time.</summary>
    public FleetPlace? Current
    {
        get => Volatile.Read(ref _current);
        internal set => Volatile.Write(ref _current, value);
    }

    /// <summary>Where a member is reached; null if the fleet, as this host sees it, has none of this name.</summary>
    public MemberAddress? AddressOf(HostName host) => board.Current.Members
        .Where(member => member.Host == host).Select(member => AddressOf(member.Address)).FirstOrDefault();

    /// <summary>The other members that can be reached at this moment, as this host sees it.</summary>
    public IEnumerable<HostName> Reached => board.Current.Members
        .Where(member => member is { Counts: true, IsReached: true }).Select(member => member.Host)
        .OfType<HostName>().Where(host => host != Current?.Host);

    /// <summary>Where a member is asked for layers.</summary>
    public MemberAddress? LayersAddressOf(HostName host) =>
        AddressOf(host) is { } address ? FleetPorts.LayersOf(address) : null;

    /// <summary>Null if it is no address of a member of this release.</summary>
    internal static MemberAddress? AddressOf(FleetAddress address) =>
        MemberAddress.TryParse(address.ToString(), out var member) && FleetPorts.Fit(member) ? member : null;
}
