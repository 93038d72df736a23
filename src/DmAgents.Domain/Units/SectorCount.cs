using System.Globalization;

namespace DmAgents.Domain.Units;

/// <summary>A length or position in 512-byte sectors, the unit of every device-mapper table.</summary>
public readonly record struct SectorCount(ulong Value) : IComparable<SectorCount>
{
    /// <summary>Fixed in the kernel, independent of the disk's sector size (SECTOR_SIZE).</summary>
    public const ulong BytesPerSector = 512;

    public ByteSize Bytes => new(checked(Value * BytesPerSector));

    public static SectorCount operator +(SectorCount left, SectorCount right) => new(checked(left.Value + right.Value));

    public static SectorCount operator -(SectorCount left, SectorCount right) => new(checked(left.Value - right.Value));

    public static bool operator <(SectorCount left, SectorCount right) => left.Value < right.Value;

    public static bool operator >(SectorCount left, SectorCount right) => left.Value > right.Value;

    public static bool operator <=(SectorCount left, SectorCount right) => left.Value <= right.Value;

    public static bool operator >=(SectorCount left, SectorCount right) => left.Value >= right.Value;

    public int CompareTo(SectorCount other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
