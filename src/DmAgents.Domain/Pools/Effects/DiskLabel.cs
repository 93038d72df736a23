using System.Security.Cryptography;
using System.Text;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>
/// What the agent writes at the beginning of each disk of a pool: whose it is, and which. A disk that has moved to
/// another path is found by it, and a disk of another pool is never taken for one's own.
/// </summary>
/// <param name="Pool">The pool.</param>
/// <param name="Name">The pool's name, for people.</param>
/// <param name="Disk">Identifies this disk within the pool.</param>
public sealed record DiskLabel(PoolUuid Pool, PoolName Name, Guid Disk)
{
    /// <summary>The label's own size: one block of the largest common sector.</summary>
    public const int Length = 4096;

    private const string Magic = "DMAGENTS-DISK-1\n";

    /// <summary>Kept free before the first part of a disk: what partition tools align to.</summary>
    public static SectorCount Reserved => ByteSize.MiB(1).Sectors;

    /// <summary>Text for people who look with <c>head -c 4096</c>, filled up with zeros.</summary>
    public byte[] ToBytes()
    {
        var body = $"{Magic}pool {Pool}\nname {Name}\ndisk {Disk:D}\n";
        var text = $"{body}sha256 {Checksum(body)}\n";
        var bytes = new byte[Length];
        Encoding.ASCII.GetBytes(text, bytes);
        return bytes;
    }

    /// <summary>The label in a disk's first bytes; null where there is none, or a damaged one.</summary>
    public static DiskLabel? Read(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.ASCII.GetString(bytes).TrimEnd('\0');
        var lines = text.Split('\n');
        if (!text.StartsWith(Magic, StringComparison.Ordinal) || lines.Length < 5)
            return null;
        var body = string.Concat(lines[..4].Select(line => line + "\n"));
        return lines[4] == "sha256 " + Checksum(body)
            && Guid.TryParseExact(After(lines[1], "pool "), "D", out var pool)
            && PoolName.TryParse(After(lines[2], "name "), out var name)
            && Guid.TryParseExact(After(lines[3], "disk "), "D", out var disk)
            ? new DiskLabel(new PoolUuid(pool), name, disk)
            : null;
    }

    private static string? After(string line, string start) =>
        line.StartsWith(start, StringComparison.Ordinal) ? line[start.Length..] : null;

    private static string Checksum(string body) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(body)));
}
