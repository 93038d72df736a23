using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Containers;

/// <summary>Counts the owners of a container. It only grows; a host with a lower one must not write.</summary>
/// <param name="Number">From 1; 0: made on a host by itself, before the fleet gave it an epoch.</param>
public readonly record struct ContainerEpoch(ulong Number) : IComparable<ContainerEpoch>
{
    /// <summary>Of a container that the fleet has not given an owner yet.</summary>
    public static ContainerEpoch None => default;

    public ContainerEpoch Next => new(Number + 1);

    public int CompareTo(ContainerEpoch other) => Number.CompareTo(other.Number);

    public static bool operator <(ContainerEpoch left, ContainerEpoch right) => left.Number < right.Number;

    public static bool operator >(ContainerEpoch left, ContainerEpoch right) => left.Number > right.Number;

    public static bool operator <=(ContainerEpoch left, ContainerEpoch right) => left.Number <= right.Number;

    public static bool operator >=(ContainerEpoch left, ContainerEpoch right) => left.Number >= right.Number;

    public override string ToString() => Number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What a container of the fleet is asked. The time arrives with the command.</summary>
public abstract record ContainerCommand(DateTimeOffset At);

/// <summary>The commands. Every one is decided by <see cref="ContainerDecider"/>.</summary>
public static class ContainerCommands
{
    /// <summary>Makes the container somewhere in the fleet.</summary>
    /// <param name="Host">There; null: the fleet chooses.</param>
    /// <param name="Lineage">Of the image, from the lowest layer to the top.</param>
    /// <param name="Offers">All hosts that are there, as their ledgers offer them, with what they have of the lineage.
    /// </param>
    public sealed record Create(
        RequestId Request, ImageReference Image, HostName? Host, ImmutableArray<LineageLayer> Lineage,
        ImmutableArray<HostOffer> Offers, DateTimeOffset At) : ContainerCommand(At);

    /// <summary>Removes the container from the host that has it.</summary>
    public sealed record Remove(RequestId Request, DateTimeOffset At) : ContainerCommand(At);

    /// <summary>A host says whether it has the container. Always everything, so that nothing can be missed.</summary>
    /// <param name="Epoch">Under this one; null: it has none of this name.</param>
    public sealed record Announce(HostName Host, Stamp Stamp, ContainerEpoch? Epoch, DateTimeOffset At)
        : ContainerCommand(At);

    public sealed record NoteGone(HostName Host, Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At)
        : ContainerCommand(At);

    /// <summary>The host has the image that the container is made of.</summary>
    public sealed record NoteImage(HostName Host, ContainerEpoch Epoch, DateTimeOffset At) : ContainerCommand(At);

    /// <summary>The image's entity has done what <see cref="ContainerWork.ReleaseImage"/> asks.</summary>
    public sealed record NoteImageReleased(ContainerEpoch Epoch, DateTimeOffset At) : ContainerCommand(At);

    /// <summary>The host has done what <see cref="ContainerWork.Remove"/> asks: it has none of this epoch or a lower
    /// one, and makes none any more.</summary>
    public sealed record NoteRemoved(HostName Host, ContainerEpoch Epoch, DateTimeOffset At) : ContainerCommand(At);

    /// <summary>The image cannot be had there, or the host cannot make or remove the container. A removal is asked
    /// again.
    /// </summary>
    public sealed record NoteFailure(HostName Host, ContainerEpoch Epoch, string Why, DateTimeOffset At)
        : ContainerCommand(At);
}

/// <summary>What has happened to a container of the fleet. Fields are added, a meaning is never changed.</summary>
public abstract record ContainerEvent(DateTimeOffset At);

public static class ContainerEvents
{
    /// <summary>Decided: it is to be made on this host.</summary>
    /// <param name="Chosen">An operator named the host: no other is taken in its place.</param>
    /// <param name="HasImage">The host has all of the image.</param>
    /// <param name="Candidates">The best first.</param>
    public sealed record Placed(
        RequestId Request, ImageReference Image, HostName Host, bool Chosen, ContainerEpoch Epoch, bool HasImage,
        ImmutableArray<Candidate> Candidates, string Why, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>The host has the image.</summary>
    public sealed record ImageArrived(ContainerEpoch Epoch, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>The image keeps no copy for the container any more.</summary>
    public sealed record ImageReleased(ContainerEpoch Epoch, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>The host has the container, under this epoch.</summary>
    public sealed record Owned(HostName Host, ContainerEpoch Epoch, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>A host was heard. Journaled also if it has what it had: a late announcement from before says nothing.
    /// </summary>
    public sealed record HostHeard(HostName Host, Stamp Stamp, ContainerEpoch? Epoch, DateTimeOffset At)
        : ContainerEvent(At);

    public sealed record HostGone(HostName Host, Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At)
        : ContainerEvent(At);

    /// <summary>It was not made, and is not to be.</summary>
    public sealed record CreationFailed(ContainerEpoch Epoch, string Why, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>Its owner does not have it any more, and no request removed it.</summary>
    public sealed record Vanished(ContainerEpoch Epoch, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>Decided: its host is to remove it.</summary>
    public sealed record RemovalIntended(RequestId Request, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>Its host does not remove it yet.</summary>
    public sealed record RemovalFailed(ContainerEpoch Epoch, string Why, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>Its owner does not have it any more.</summary>
    public sealed record Removed(ContainerEpoch Epoch, DateTimeOffset At) : ContainerEvent(At);
}

/// <summary>A container's answer.</summary>
public abstract record ContainerReply;

public static class ContainerReplies
{
    /// <summary>It is, or is to be, on this host.</summary>
    public sealed record Placed(RequestId Request, HostName Host, ContainerEpoch Epoch, ContainerPhase Phase)
        : ContainerReply;

    /// <summary>Its host is to remove it, or has done so.</summary>
    public sealed record Removing(RequestId Request, bool Gone) : ContainerReply;

    /// <summary>The host was heard. Nothing is asked of it.</summary>
    public sealed record Heard(Stamp Stamp) : ContainerReply;

    /// <summary>The container is the host's, under this epoch.</summary>
    public sealed record Owns(Stamp Stamp, ContainerEpoch Epoch) : ContainerReply;

    /// <summary>The host's container is of an epoch that has ended: it must not be written, and is to be
    /// removed if it is still the one that was announced.</summary>
    /// <param name="Epoch">The one that counts.</param>
    public sealed record Fenced(Stamp Stamp, ContainerEpoch Epoch) : ContainerReply;

    /// <summary>Two containers have one name. Both stay as they are; the fleet knows only the other.</summary>
    public sealed record NameTaken(Stamp Stamp, Refusal Refusal) : ContainerReply;

    /// <summary>The host's incarnation has ended for the fleet: it is to begin another.</summary>
    public sealed record Ended(Stamp Stamp) : ContainerReply;

    public sealed record NotedGone(HostName Host) : ContainerReply;

    /// <summary>The placement continues.</summary>
    public sealed record Continues(ContainerEpoch Epoch) : ContainerReply;

    /// <summary>The epoch has ended: what is done for it is to be undone.</summary>
    public sealed record EpochEnded(ContainerEpoch Epoch) : ContainerReply;

    public sealed record Refused(RequestId Request, Refusal Refusal) : ContainerReply;
}
