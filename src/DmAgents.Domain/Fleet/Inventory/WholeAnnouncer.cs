namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>
/// The host's side of announcements that always hold the complete state, to one entity and in one incarnation. Only the
/// latest content counts, so an unanswered announcement is replaced, not waited for.
/// </summary>
public sealed record WholeAnnouncer<T>(Incarnation Incarnation)
{
    /// <summary>The announced content; the default value before the first announcement.</summary>
    public T? Content { get; private init; }

    private ulong Sequence { get; init; }

    public Stamp Stamp => new(Incarnation, Sequence);

    /// <summary>An announcement is unanswered.</summary>
    public bool IsUnderWay { get; private init; }

    /// <summary>Announces this content, unless it is the same as the last.</summary>
    public WholeAnnouncer<T> Offer(T content) =>
        Sequence > 0 && EqualityComparer<T>.Default.Equals(content, Content)
            ? this
            : this with { Content = content, Sequence = Sequence + 1, IsUnderWay = true };

    /// <summary>Repeats the announcement from time to time: the answer may have come from a replaced instance of the
    /// entity.</summary>
    public WholeAnnouncer<T> Repeat() => Sequence > 0 ? this with { IsUnderWay = true } : this;

    /// <summary>The entity has heard the announcement with this stamp.</summary>
    public WholeAnnouncer<T> Heard(Stamp stamp) => stamp == Stamp ? this with { IsUnderWay = false } : this;
}
