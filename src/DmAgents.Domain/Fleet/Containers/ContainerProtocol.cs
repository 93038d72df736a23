using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Containers;

/// <summary>Counts the owners of a container. It only grows; a host with a lower epoch must not write.</summary>
/// <param name="Number">From 1; 0: a host created the container itself, before the fleet gave it an epoch.</param>
public readonly record struct ContainerEpoch(ulong Number) : IComparable<ContainerEpoch>
{
    /// <summary>The epoch of a container to which the fleet has not given an owner yet.</summary>
    public static ContainerEpoch None => default;

    public ContainerEpoch Next => new(Number + 1);

    public int CompareTo(ContainerEpoch other) => Number.CompareTo(other.Number);

    public static bool operator <(ContainerEpoch left, ContainerEpoch right) => left.Number < right.Number;

    public static bool operator >(ContainerEpoch left, ContainerEpoch right) => left.Number > right.Number;

    public static bool operator <=(ContainerEpoch left, ContainerEpoch right) => left.Number <= right.Number;

    public static bool operator >=(ContainerEpoch left, ContainerEpoch right) => left.Number >= right.Number;

    public override string ToString() => Number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A command to a container of the fleet. The command carries the time.</summary>
public abstract record ContainerCommand(DateTimeOffset At);

/// <summary>The commands. <see cref="ContainerDecider"/> decides each of them.</summary>
public static class ContainerCommands
{
    /// <summary>Creates the container somewhere in the fleet.</summary>
    /// <param name="Host">The host; null: the fleet chooses.</param>
    /// <param name="Lineage">The image's layers, from the lowest to the top.</param>
    /// <param name="Offers">All present hosts, as their ledgers offer them, with their layers of the lineage.</param>
    public sealed record Create(
        RequestId Request, ImageReference Image, HostName? Host, ImmutableArray<LineageLayer> Lineage,
        ImmutableArray<HostOffer> Offers, DateTimeOffset At) : ContainerCommand(At);

    /// <summary>Removes the container from its host.</summary>
    public sealed record Remove(RequestId Request, DateTimeOffset At) : ContainerCommand(At);

    /// <summary>A host announces whether it has the container. Always the complete state, so a missed announcement does
    /// no harm.</summary>
    /// <param name="Epoch">The container's epoch; null: the host has no container of this name.</param>
    public sealed record Announce(HostName Host, Stamp Stamp, ContainerEpoch? Epoch, DateTimeOffset At)
        : ContainerCommand(At);

    public sealed record NoteGone(HostName Host, Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At)
        : ContainerCommand(At);

    /// <summary>The host has the container's image.</summary>
    public sealed record NoteImage(HostName Host, ContainerEpoch Epoch, DateTimeOffset At) : ContainerCommand(At);

    /// <summary>The image's entity has done what <see cref="ContainerWork.ReleaseImage"/> requests.</summary>
    public sealed record NoteImageReleased(ContainerEpoch Epoch, DateTimeOffset At) : ContainerCommand(At);

    /// <summary>The host has done what <see cref="ContainerWork.Remove"/> requests: it has no container of this epoch
    /// or a lower one, and never creates one again.</summary>
    public sealed record NoteRemoved(HostName Host, ContainerEpoch Epoch, DateTimeOffset At) : ContainerCommand(At);

    /// <summary>The host cannot get the image, or cannot create or remove the container. A removal is requested
    /// again.</summary>
    public sealed record NoteFailure(HostName Host, ContainerEpoch Epoch, string Why, DateTimeOffset At)
        : ContainerCommand(At);
}

/// <summary>What has happened to a container of the fleet. Fields are added, a meaning is never changed.</summary>
public abstract record ContainerEvent(DateTimeOffset At);

public static class ContainerEvents
{
    /// <summary>Decided: this host must create it.</summary>
    /// <param name="Chosen">An operator named the host: no other host replaces it.</param>
    /// <param name="HasImage">The host has the whole image.</param>
    /// <param name="Candidates">The best first.</param>
    public sealed record Placed(
        RequestId Request, ImageReference Image, HostName Host, bool Chosen, ContainerEpoch Epoch, bool HasImage,
        ImmutableArray<Candidate> Candidates, string Why, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>The host has the image.</summary>
    public sealed record ImageArrived(ContainerEpoch Epoch, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>The image no longer keeps a copy for the container.</summary>
    public sealed record ImageReleased(ContainerEpoch Epoch, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>The host has the container under this epoch.</summary>
    public sealed record Owned(HostName Host, ContainerEpoch Epoch, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>A host made an announcement. Journaled even if nothing changed, so that a late earlier announcement is
    /// ignored.</summary>
    public sealed record HostHeard(HostName Host, Stamp Stamp, ContainerEpoch? Epoch, DateTimeOffset At)
        : ContainerEvent(At);

    public sealed record HostGone(HostName Host, Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At)
        : ContainerEvent(At);

    /// <summary>It was not created, and will not be.</summary>
    public sealed record CreationFailed(ContainerEpoch Epoch, string Why, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>Its owner no longer has it, and no request removed it.</summary>
    public sealed record Vanished(ContainerEpoch Epoch, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>Decided: its host must remove it.</summary>
    public sealed record RemovalIntended(RequestId Request, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>Its host has not removed it yet.</summary>
    public sealed record RemovalFailed(ContainerEpoch Epoch, string Why, DateTimeOffset At) : ContainerEvent(At);

    /// <summary>Its owner no longer has it.</summary>
    public sealed record Removed(ContainerEpoch Epoch, DateTimeOffset At) : ContainerEvent(At);
}

/// <summary>A container's reply.</summary>
public abstract record ContainerReply;

public static class ContainerReplies
{
    /// <summary>It is, or will be, on this host.</summary>
    public sealed record Placed(RequestId Request, HostName Host, ContainerEpoch Epoch, ContainerPhase Phase)
        : ContainerReply;

    /// <summary>Its host must remove it, or has removed it.</summary>
    public sealed record Removing(RequestId Request, bool Gone) : ContainerReply;

    /// <summary>The announcement is recorded. The host need not do anything.</summary>
    public sealed record Heard(Stamp Stamp) : ContainerReply;

    /// <summary>The host owns the container under this epoch.</summary>
    public sealed record Owns(Stamp Stamp, ContainerEpoch Epoch) : ContainerReply;

    /// <summary>The host's container has an epoch that has ended: it must not be written. The host must remove it if it
    /// is still the announced one.</summary>
    /// <param name="Epoch">The valid epoch.</param>
    public sealed record Fenced(Stamp Stamp, ContainerEpoch Epoch) : ContainerReply;

    /// <summary>Two containers have one name. Both stay as they are; the fleet manages only the other one.</summary>
    public sealed record NameTaken(Stamp Stamp, Refusal Refusal) : ContainerReply;

    /// <summary>The fleet has ended this incarnation of the host: it must begin another.</summary>
    public sealed record Ended(Stamp Stamp) : ContainerReply;

    public sealed record NotedGone(HostName Host) : ContainerReply;

    /// <summary>The placement continues.</summary>
    public sealed record Continues(ContainerEpoch Epoch) : ContainerReply;

    /// <summary>The epoch has ended: the recipient must undo what it did for it.</summary>
    public sealed record EpochEnded(ContainerEpoch Epoch) : ContainerReply;

    public sealed record Refused(RequestId Request, Refusal Refusal) : ContainerReply;
}
