using System.Globalization;
using System.Text;

namespace DmAgents.Domain.Pools.Mending;

/// <summary>
/// Whose a backup is: its file begins with a gzip member that holds nothing and has the pool's uuid as its comment, so
/// that whatever uncompresses gzip reads the text of the metadata alone (RFC 1952: a file is any number of members).
/// </summary>
internal static class BackupOwner
{
    private const string Before = "dmagents pool ";

    private const int UuidLength = 36;

    /// <summary>Magic, deflate, the flag of a comment, no time, no hints, unknown system.</summary>
    private static ReadOnlySpan<byte> Start => [0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 0xff];

    /// <summary>The end of the comment, one empty block, the checksum and the length of nothing.</summary>
    private static ReadOnlySpan<byte> End => [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private static int Length => Start.Length + Before.Length + UuidLength;

    /// <summary>What a backup of the pool begins with.</summary>
    public static byte[] Member(PoolUuid pool) =>
        [.. Start, .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Before}{pool}")), .. End];

    /// <summary>Reads it from a file's beginning; null for a backup that does not tell.</summary>
    public static PoolUuid? Read(Stream file)
    {
        var bytes = new byte[Length];
        return file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length
            && bytes.AsSpan().StartsWith(Start)
            && Encoding.ASCII.GetString(bytes.AsSpan(Start.Length)) is var comment
            && comment.StartsWith(Before, StringComparison.Ordinal)
            && Guid.TryParseExact(comment[Before.Length..], "D", out var uuid)
            ? new PoolUuid(uuid)
            : null;
    }
}
