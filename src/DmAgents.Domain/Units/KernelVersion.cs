using System.Globalization;

namespace DmAgents.Domain.Units;

/// <summary>A version of the Linux kernel: major and minor, which determine its features.</summary>
public readonly record struct KernelVersion(int Major, int Minor) : IComparable<KernelVersion>
{
    public static bool operator <(KernelVersion left, KernelVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(KernelVersion left, KernelVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(KernelVersion left, KernelVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(KernelVersion left, KernelVersion right) => left.CompareTo(right) >= 0;

    public int CompareTo(KernelVersion other) =>
        Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    /// <summary>Parses a release from uname: "6.1.0-18-amd64", "4.18.0-513.el8".</summary>
    public static bool TryParse(string release, out KernelVersion version)
    {
        version = default;
        var parts = release.Split('.', 3);
        if (parts.Length < 2)
            return false;
        var minor = new string([.. parts[1].TakeWhile(char.IsAsciiDigit)]);
        if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var second))
            return false;
        version = new KernelVersion(first, second);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}
