using System.Security.Cryptography;

namespace DmAgents.Fleet.Certificates;

internal static class Serials
{
    /// <summary>16 random bytes, positive and of full length (RFC 5280 allows 20): a collision is practically
    /// impossible.</summary>
    public static byte[] Make()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }
}
