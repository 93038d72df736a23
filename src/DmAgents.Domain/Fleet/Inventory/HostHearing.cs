namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>How an entity treats an announcement, by its stamp.</summary>
public enum Hearing
{
    /// <summary>It is the next one, and counts.</summary>
    Next,

    /// <summary>This announcement or a later one was already heard.</summary>
    Known,

    /// <summary>An announcement in between is missing: only a whole announcement closes the gap.</summary>
    Gap,

    /// <summary>Its membership has ended: the host must begin another.</summary>
    Ended,
}

/// <summary>An entity's record of a host's announcements.</summary>
/// <param name="Last">The latest announcement that counted.</param>
/// <param name="Gone">The host has left or was lost in this incarnation. Its announcements no longer count.</param>
public sealed record HostHearing(Stamp Last, bool Gone)
{
    /// <param name="known">Null: the entity has never heard of the host.</param>
    /// <param name="stamp">The announcement's stamp.</param>
    /// <param name="whole">The announcement is complete, and needs none before it.</param>
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

    /// <summary>The record once the host is gone in this incarnation; null: a later incarnation was heard since, so
    /// nothing changes.</summary>
    public static HostHearing? AfterGone(HostHearing? known, Incarnation incarnation) =>
        known is null || incarnation > known.Last.Incarnation
            ? new HostHearing(new Stamp(incarnation, 0), Gone: true)
            : incarnation < known.Last.Incarnation || known.Gone ? null : known with { Gone = true };
}
