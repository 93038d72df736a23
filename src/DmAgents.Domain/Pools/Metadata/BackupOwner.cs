using System.Globalization;
using System.Text;

namespace DmAgents.Domain.Pools.Metadata;

/// <summary>
/// The owner of a backup. Its file begins with an empty gzip member whose comment is the pool's uuid, so every gzip
/// tool extracts only the text of the metadata (RFC 1952: a file is any number of members).
/// </summary>
internal static class BackupOwner
{
    private const string Before = "dmagents pool ";

    private const int UuidLength = 36;

    /// <summary>Magic number, deflate, the comment flag, no time, no hints, unknown system.</summary>
    private static ReadOnlySpan<byte> Start => [0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 0xff];

    /// <summary>The end of the comment, one empty block, and the checksum and length of no data.</summary>
    private static ReadOnlySpan<byte> End => [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private static int Length => Start.Length + Before.Length + UuidLength;

    /// <summary>The first member of a backup of the pool.</summary>
    public static byte[] Member(PoolUuid pool) =>
        [.. Start, .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Before}{pool}")), .. End];

    /// <summary>Reads it from a file's start; null for a backup without it.</summary>
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
