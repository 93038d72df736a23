namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>What an announcement is, by its stamp.</summary>
public enum Hearing
{
    /// <summary>The next one: it counts.</summary>
    Next,

    /// <summary>It was heard before, or a later one was.</summary>
    Known,

    /// <summary>One between was missed: only a whole announcement helps.</summary>
    Gap,

    /// <summary>Of a membership that has ended: the host must begin another.</summary>
    Ended,
}

/// <summary>How far an entity has heard a host.</summary>
/// <param name="Last">The latest announcement that counted.</param>
/// <param name="Gone">The host has left or was lost in this incarnation. Nothing of it counts any more.</param>
public sealed record HostHearing(Stamp Last, bool Gone)
{
    /// <param name="known">Null: the entity has never heard of the host.</param>
    /// <param name="stamp">Of the announcement.</param>
    /// <param name="whole">It says everything, and needs none before it.</param>
    public static Hearing Judge(HostHearing? known, Stamp stamp, bool whole)
    {
        if (known is null || stamp.Incarnation > known.Last.Incarnation)
            return whole ? Hearing.Next : Hearing.Gap;
        if (stamp.Incarnation < known.Last.Incarnation || known.Gone)
            return Hearing.Ended;
        if (stamp.Sequence <= known.Last.Sequence)
            return Hearing.Known;
        return whole || stamp.Sequence == known.Last.Sequence + 1 ? Hearing.Next : Hearing.Gap;
    }

    /// <summary>The hearing once the host is gone in this incarnation; null: a later one was heard since, so that
    /// nothing changes.</summary>
    public static HostHearing? AfterGone(HostHearing? known, Incarnation incarnation) =>
        known is null || incarnation > known.Last.Incarnation
            ? new HostHearing(new Stamp(incarnation, 0), Gone: true)
            : incarnation < known.Last.Incarnation || known.Gone ? null : known with { Gone = true };
}
