namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>Counts a host's memberships: it grows each time the host's fleet system begins, and never falls. The host
/// keeps it on its own disk.</summary>
public readonly record struct Incarnation(ulong Number) : IComparable<Incarnation>
{
    public int CompareTo(Incarnation other) => Number.CompareTo(other.Number);

    public static bool operator <(Incarnation left, Incarnation right) => left.Number < right.Number;

    public static bool operator >(Incarnation left, Incarnation right) => left.Number > right.Number;

    public static bool operator <=(Incarnation left, Incarnation right) => left.Number <= right.Number;

    public static bool operator >=(Incarnation left, Incarnation right) => left.Number >= right.Number;
}

/// <summary>When in a host's own order an announcement was made. No clock is compared.</summary>
/// <param name="Incarnation">In which of its memberships.</param>
/// <param name="Sequence">Counts what this membership has announced to one entity, from 1. What is only repeated has
/// the same one.</param>
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
