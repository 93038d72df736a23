using System.Globalization;

namespace DmAgents.Domain.Units;

/// <summary>A size or position in bytes.</summary>
/// <remarks>Sizes of block devices are whole 512-byte sectors; see <see cref="SectorCount"/>.</remarks>
public readonly record struct ByteSize(ulong Bytes) : IComparable<ByteSize>
{
    private static readonly (string Suffix, ulong Factor)[] Suffixes =
        [("TiB", 1UL << 40), ("GiB", 1UL << 30), ("MiB", 1UL << 20), ("KiB", 1UL << 10)];

    public static ByteSize Zero => default;

    public static ByteSize KiB(ulong count) => new(checked(count << 10));

    public static ByteSize MiB(ulong count) => new(checked(count * (1UL << 20)));

    public static ByteSize GiB(ulong count) => new(checked(count * (1UL << 30)));

    public static ByteSize TiB(ulong count) => new(checked(count * (1UL << 40)));

    /// <summary>The size in 512-byte sectors, rounded down.</summary>
    public SectorCount Sectors => new(Bytes / SectorCount.BytesPerSector);

    public static ByteSize operator +(ByteSize left, ByteSize right) => new(checked(left.Bytes + right.Bytes));

    /// <summary>Throws <see cref="OverflowException"/> if the result would be negative.</summary>
    public static ByteSize operator -(ByteSize left, ByteSize right) => new(checked(left.Bytes - right.Bytes));

    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;

    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;

    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;

    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;

    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    /// <summary>Rounds up to a multiple of <paramref name="unit"/>.</summary>
    public ByteSize RoundUp(ByteSize unit) => new(checked((Bytes + unit.Bytes - 1) / unit.Bytes * unit.Bytes));

    /// <summary>Rounds down to a multiple of <paramref name="unit"/>.</summary>
    public ByteSize RoundDown(ByteSize unit) => new(Bytes / unit.Bytes * unit.Bytes);

    /// <summary>
    /// Parses "10GiB", "10G", "512 MiB", "65536": factors of 1024, K/M/G/T with or without "iB".
    /// </summary>
    public static bool TryParse(string? text, out ByteSize size)
    {
        size = default;
        var trimmed = text.AsSpan().Trim();
        var digits = trimmed.Length;
        while (digits > 0 && !char.IsAsciiDigit(trimmed[digits - 1]))
            digits--;
        var unit = trimmed[digits..].Trim();
        if (!ulong.TryParse(trimmed[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return false;
        if (FactorOf(unit) is not { } factor || count > ulong.MaxValue / factor)
            return false;
        size = new ByteSize(count * factor);
        return true;
    }

    /// <summary>For people: three significant digits and a binary unit, such as "1.25 GiB".</summary>
    public override string ToString()
    {
        foreach (var (suffix, factor) in Suffixes)
        {
            if (Bytes >= factor)
                return string.Create(CultureInfo.InvariantCulture, $"{(double)Bytes / factor:0.##} {suffix}");
        }
        return string.Create(CultureInfo.InvariantCulture, $"{Bytes} B");
    }

    private static ulong? FactorOf(ReadOnlySpan<char> unit)
    {
        if (unit.IsEmpty || unit.Equals("B", StringComparison.OrdinalIgnoreCase))
            return 1;
        foreach (var (suffix, factor) in Suffixes)
        {
            if (unit.Equals(suffix, StringComparison.OrdinalIgnoreCase)
                || unit.Equals(suffix.AsSpan(0, 1), StringComparison.OrdinalIgnoreCase))
                return factor;
        }
        return null;
    }
}
