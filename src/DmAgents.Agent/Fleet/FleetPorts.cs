using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>The ports of a member: that of its address, and the two behind it. One address says all of them, so that
/// nothing else has to be told to other hosts.</summary>
public static class FleetPorts
{
    /// <summary>Of addresses that are given without one.</summary>
    public const ushort Default = 9471;

    public static string Rule =>
        "HOST:PORT, with a DNS name, an IPv4 address or an IPv6 address in brackets, and a port "
        + "from 1 to 65533: the two behind it are used, too";

    public static bool Fit(MemberAddress member) => member.Port <= ushort.MaxValue - 2;

    /// <summary>Where hosts ask to be let in, for certificates and for revocations: on the host that made the fleet.
    /// </summary>
    public static MemberAddress JoinOf(MemberAddress member) => member.WithPort((ushort)(member.Port + 1));

    /// <summary>Where layers are asked for.</summary>
    public static MemberAddress LayersOf(MemberAddress member) => member.WithPort((ushort)(member.Port + 2));
}
