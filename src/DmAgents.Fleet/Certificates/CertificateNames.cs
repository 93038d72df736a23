using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;

namespace DmAgents.Fleet.Certificates;

/// <summary>
/// How certificates name fleets and hosts. The authority: <c>CN=fleet name, serialNumber=fleet id</c>. A host:
/// <c>CN=host, O=fleet name</c>, and one DNS name, <c>HOST.FLEETID.dmagents.internal</c>. Its id makes the certificate
/// meaningless in any other fleet. ".internal" is reserved for private use (ICANN, 2024).
/// </summary>
public static class CertificateNames
{
    private const string Suffix = ".dmagents.internal";
    private const string CommonName = "2.5.4.3";
    private const string SerialNumber = "2.5.4.5";
    private const string Organization = "2.5.4.10";

    /// <summary>The DNS name of a host's certificate: at most 63 + 1 + 32 + 18 of the 253 characters.</summary>
    public static string DnsName(FleetId fleet, HostName host) => $"{host}.{fleet.Label}{Suffix}";

    internal static bool TryParseDnsName(string text, out FleetId fleet, out HostName host)
    {
        fleet = default;
        host = default;
        return text.EndsWith(Suffix, StringComparison.Ordinal)
            && text[..^Suffix.Length].Split('.') is [var label, var id]
            && FleetId.TryParseLabel(id, out fleet)
            && HostName.TryParse(label, out host);
    }

    internal static X500DistinguishedName OfAuthority(FleetName name, FleetId id)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(name.Value);
        builder.Add(SerialNumber, id.Label, UniversalTagNumber.PrintableString);
        return builder.Build();
    }

    internal static X500DistinguishedName OfHost(FleetName fleet, HostName host)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(host.Value);
        builder.AddOrganizationName(fleet.Value);
        return builder.Build();
    }

    internal static bool TryReadAuthority(X500DistinguishedName subject, out FleetName name, out FleetId id)
    {
        name = default;
        id = default;
        return Attributes(subject) is { Count: 2 } attributes
            && FleetName.TryParse(attributes.GetValueOrDefault(CommonName), out name)
            && FleetId.TryParseLabel(attributes.GetValueOrDefault(SerialNumber), out id);
    }

    internal static bool TryReadHost(X500DistinguishedName subject, out FleetName fleet, out HostName host)
    {
        fleet = default;
        host = default;
        return Attributes(subject) is { Count: 2 } attributes
            && HostName.TryParse(attributes.GetValueOrDefault(CommonName), out host)
            && FleetName.TryParse(attributes.GetValueOrDefault(Organization), out fleet);
    }

    /// <summary>The attributes of a name, or null if it is not a plain list of distinct attributes: a peer chooses the
    /// content of its certificate.</summary>
    private static Dictionary<string, string>? Attributes(X500DistinguishedName subject)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (var part in subject.EnumerateRelativeDistinguishedNames())
            {
                if (part.HasMultipleElements || part.GetSingleElementValue() is not { } value
                    || !attributes.TryAdd(part.GetSingleElementType().Value ?? "", value))
                {
                    return null;
                }
            }
        }
        catch (Exception cause) when (Untrusted.IsMalformed(cause))
        {
            return null;
        }
        return attributes;
    }
}
