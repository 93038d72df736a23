using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>The ports of a member: its address's port, and the two after it. One address implies all of them, so that
/// other hosts need to know nothing else.</summary>
public static class FleetPorts
{
    /// <summary>The port of addresses without one.</summary>
    public const ushort Default = 9471;

    public static string Rule =>
        "HOST:PORT, with a DNS name, an IPv4 address or an IPv6 address in brackets, and a port "
        + "from 1 to 65533: the two behind it are used, too";

    public static bool Fit(MemberAddress member) => member.Port <= ushort.MaxValue - 2;

    /// <summary>The port for join requests, certificates and revocations, on the host that formed the fleet.</summary>
    public static MemberAddress JoinOf(MemberAddress member) => member.WithPort((ushort)(member.Port + 1));

    /// <summary>The port that serves layers.</summary>
    public static MemberAddress LayersOf(MemberAddress member) => member.WithPort((ushort)(member.Port + 2));
}
