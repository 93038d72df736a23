using System.Security.Cryptography;
using System.Text;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>
/// The label that the agent writes at the start of each disk of a pool: the pool, and which of its disks. The agent
/// recognizes a disk by it at another path, and never takes a disk of another pool for its own.
/// </summary>
/// <param name="Pool">The pool.</param>
/// <param name="Name">The pool's name, for people.</param>
/// <param name="Disk">Identifies this disk within the pool.</param>
public sealed record DiskLabel(PoolUuid Pool, PoolName Name, Guid Disk)
{
    /// <summary>The label's size in bytes: one block of the largest common sector size.</summary>
    public const int Length = 4096;

    private const string Magic = "DMAGENTS-DISK-1\n";

    /// <summary>Reserved before the first part of a disk: the alignment that partition tools use.</summary>
    public static SectorCount Reserved => ByteSize.MiB(1).Sectors;

    /// <summary>Text that <c>head -c 4096</c> shows, padded with zeros.</summary>
    public byte[] ToBytes()
    {
        var body = $"{Magic}pool {Pool}\nname {Name}\ndisk {Disk:D}\n";
        var text = $"{body}sha256 {Checksum(body)}\n";
        var bytes = new byte[Length];
        Encoding.ASCII.GetBytes(text, bytes);
        return bytes;
    }

    /// <summary>The label in a disk's first bytes; null if there is none, or it is damaged.</summary>
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
