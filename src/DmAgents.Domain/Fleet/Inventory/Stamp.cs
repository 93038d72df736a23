namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>Counts a host's memberships: it grows each time the host's fleet system starts, and never falls. The host
/// stores it on its own disk.</summary>
public readonly record struct Incarnation(ulong Number) : IComparable<Incarnation>
{
    public int CompareTo(Incarnation other) => Number.CompareTo(other.Number);

    public static bool operator <(Incarnation left, Incarnation right) => left.Number < right.Number;

    public static bool operator >(Incarnation left, Incarnation right) => left.Number > right.Number;

    public static bool operator <=(Incarnation left, Incarnation right) => left.Number <= right.Number;

    public static bool operator >=(Incarnation left, Incarnation right) => left.Number >= right.Number;
}

/// <summary>The position of an announcement in a host's own order. No clocks are compared.</summary>
/// <param name="Incarnation">The host's membership.</param>
/// <param name="Sequence">Counts the announcements of this membership to one entity, from 1. A repeated announcement
/// keeps its number.</param>
public readonly record struct Stamp(Incarnation Incarnation, ulong Sequence) : IComparable<Stamp>
{
    public int CompareTo(Stamp other)
    {
        var byIncarnation = Incarnation.CompareTo(other.Incarnation);
        return byIncarnation != 0 ? byIncarnation : Sequence.CompareTo(other.Sequence);
    }

    public static bool operator <(Stamp left, Stamp right) => left.CompareTo(right) < 0;

    public static bool operator >(Stamp left, Stamp right) => left.CompareTo(right) > 0;

    public static bool operator <=(Stamp left, Stamp right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Stamp left, Stamp right) => left.CompareTo(right) >= 0;

    public override string ToString() => $"{Incarnation.Number}.{Sequence}";
}
