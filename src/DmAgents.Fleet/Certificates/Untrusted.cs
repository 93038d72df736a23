using System.Security.Cryptography;

namespace DmAgents.Fleet.Certificates;

/// <summary>Bytes chosen by a peer and read by the platform's parsers.</summary>
internal static class Untrusted
{
    /// <summary>
    /// The exceptions that the platform throws for malformed certificates, requests and keys: not only
    /// CryptographicException. An unknown curve causes a PlatformNotSupportedException, a key of odd length an
    /// ArgumentException.
    /// </summary>
    public static bool IsMalformed(Exception cause) =>
        cause is CryptographicException or ArgumentException or NotSupportedException or FormatException;
}
