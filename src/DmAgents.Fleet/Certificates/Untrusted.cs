using System.Security.Cryptography;

namespace DmAgents.Fleet.Certificates;

/// <summary>Bytes that a peer chose, read by the platform's parsers.</summary>
internal static class Untrusted
{
    /// <summary>
    /// What the platform throws at malformed certificates, requests and keys: not only CryptographicException. A curve
    /// that it does not know is a PlatformNotSupportedException, and a key of odd length an ArgumentException.
    /// </summary>
    public static bool IsMalformed(Exception cause) =>
        cause is CryptographicException or ArgumentException or NotSupportedException or FormatException;
}
