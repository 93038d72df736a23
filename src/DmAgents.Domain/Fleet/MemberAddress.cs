using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DmAgents.Domain.Fleet;

/// <summary>The address of a member: a DNS name or an IP address, and a TCP port. In text <c>HOST:PORT</c>, an IPv6
/// address in brackets.</summary>
public readonly record struct MemberAddress
{
    /// <summary>A DNS name has at most 253 characters (RFC 1035), the port has five, plus a colon.</summary>
    public const int MaxLength = 259;

    private const int MaxHostLength = 253;
    private readonly string? _host;

    private MemberAddress(string host, ushort port)
    {
        _host = host;
        Port = port;
    }

    public static string Rule =>
        "HOST:PORT, with a DNS name, an IPv4 address or an IPv6 address in brackets, and a port from 1 to 65535";

    /// <summary>Without brackets.</summary>
    public string Host => _host ?? throw new InvalidOperationException("an address was never set");

    public ushort Port { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out MemberAddress address)
    {
        address = default;
        if (text is null || text.Length > MaxLength || text.LastIndexOf(':') is not (> 0 and var colon))
            return false;
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port == 0)
        {
            return false;
        }
        var host = text[..colon];
        if (host is ['[', .., ']'])
        {
            // The zone of a link-local address is valid only on its own host.
            if (host.Contains('%') || !IPAddress.TryParse(host[1..^1], out var ip)
                || ip.AddressFamily != AddressFamily.InterNetworkV6)
            {
                return false;
            }
            address = new MemberAddress(ip.ToString(), port);
            return true;
        }
        if (host.Length > MaxHostLength || !host.Split('.').All(IsLabel))
            return false;
        address = new MemberAddress(host.ToLowerInvariant(), port);
        return true;
    }

    /// <summary>The same host with another port.</summary>
    public MemberAddress WithPort(ushort port) => port > 0
        ? new MemberAddress(Host, port)
        : throw new ArgumentOutOfRangeException(nameof(port), port, "a port is from 1 to 65535");

    public override string ToString() => Host.Contains(':')
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
        && label.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');
}
