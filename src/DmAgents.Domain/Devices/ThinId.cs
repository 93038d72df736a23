using System.Globalization;

namespace DmAgents.Domain.Devices;

/// <summary>A thin device's number within its pool: 24 bits (kernel: MAX_DEV_ID in dm-thin.c).</summary>
public readonly record struct ThinId : IComparable<ThinId>
{
    public const uint Max = (1 << 24) - 1;

    /// <exception cref="ArgumentOutOfRangeException">More than 24 bits.</exception>
    public ThinId(uint value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Max);
        Value = value;
    }

    public uint Value { get; }

    public int CompareTo(ThinId other) => Value.CompareTo(other.Value);

    public static bool operator <(ThinId left, ThinId right) => left.Value < right.Value;

    public static bool operator >(ThinId left, ThinId right) => left.Value > right.Value;

    public static bool operator <=(ThinId left, ThinId right) => left.Value <= right.Value;

    public static bool operator >=(ThinId left, ThinId right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
