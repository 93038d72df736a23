namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>
/// The host's side of announcements that are always whole, to one entity and in one incarnation. The latest content
/// counts, so that one that is not answered is replaced and not waited for.
/// </summary>
public sealed record WholeAnnouncer<T>(Incarnation Incarnation)
{
    /// <summary>What is said; a default value before anything was.</summary>
    public T? Content { get; private init; }

    private ulong Sequence { get; init; }

    public Stamp Stamp => new(Incarnation, Sequence);

    /// <summary>Something was said, and is not answered.</summary>
    public bool IsUnderWay { get; private init; }

    /// <summary>Says what is so; nothing if that was said last.</summary>
    public WholeAnnouncer<T> Offer(T content) =>
        Sequence > 0 && EqualityComparer<T>.Default.Equals(content, Content)
            ? this
            : this with { Content = content, Sequence = Sequence + 1, IsUnderWay = true };

    /// <summary>Says the same again, from time to time: an instance of the entity that was replaced may have answered.
    /// </summary>
    public WholeAnnouncer<T> Repeat() => Sequence > 0 ? this with { IsUnderWay = true } : this;

    /// <summary>The entity has heard what bore this stamp.</summary>
    public WholeAnnouncer<T> Heard(Stamp stamp) => stamp == Stamp ? this with { IsUnderWay = false } : this;
}
