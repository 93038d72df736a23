using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Images;

/// <summary>What an image of the fleet is asked. The time arrives with the command.</summary>
public abstract record ImageCommand(DateTimeOffset At);

/// <summary>The commands. Every one is decided by <see cref="ImageDecider"/>.</summary>
public static class ImageCommands
{
    /// <summary>The reference means this image.</summary>
    /// <param name="Lineage">From the lowest layer to the top.</param>
    /// <param name="Copies">Wanted, if the reference is new.</param>
    /// <param name="Replace">Also in place of another image: an operator gave it the reference. A host that only
    /// announces what it has does not replace.</param>
    public sealed record Define(
        RequestId Request, Digest Config, ImmutableArray<LineageLayer> Lineage, int Copies, bool Replace,
        DateTimeOffset At) : ImageCommand(At);

    public sealed record SetCopies(RequestId Request, int Copies, DateTimeOffset At) : ImageCommand(At);

    /// <summary>The host is to have a copy, and to keep it.</summary>
    /// <param name="For">A container needs it there; null: an operator wants it.</param>
    public sealed record Pin(RequestId Request, HostName Host, DateTimeOffset At, PinOwner? For = null)
        : ImageCommand(At);

    /// <summary>No operator wants the host to keep its copy. What containers need stays.</summary>
    public sealed record Unpin(RequestId Request, HostName Host, DateTimeOffset At) : ImageCommand(At);

    /// <summary>The container needs no copy under this epoch or a lower one, on any host.</summary>
    public sealed record ReleasePins(PinOwner Of, DateTimeOffset At) : ImageCommand(At);

    /// <summary>A host says what it has of the image. Always everything, so that nothing can be missed.</summary>
    /// <param name="Holding">Null: nothing.</param>
    public sealed record Announce(HostName Host, Stamp Stamp, ImageHolding? Holding, DateTimeOffset At)
        : ImageCommand(At);

    public sealed record NoteGone(HostName Host, Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At)
        : ImageCommand(At);

    /// <summary>Compares what is with what is wanted, and decides what to do.</summary>
    /// <param name="Offers">All hosts that are there, as their ledgers offer them.</param>
    public sealed record Consider(ImmutableArray<HostOffer> Offers, ImagePolicy Policy, DateTimeOffset At)
        : ImageCommand(At);

    /// <summary>The target's ledger keeps the space.</summary>
    public sealed record NotePromise(ulong Copy, PoolName Pool, TimeSpan Lease, DateTimeOffset At) : ImageCommand(At);

    /// <summary>The target works at the copy.</summary>
    public sealed record NoteProgress(ulong Copy, TimeSpan Lease, DateTimeOffset At) : ImageCommand(At);

    /// <summary>The ledger or the target said no.</summary>
    public sealed record NoteFailure(ulong Copy, string Why, TimeSpan RetryAfter, DateTimeOffset At)
        : ImageCommand(At);
}

/// <summary>What has happened to an image of the fleet. Fields are added, a meaning is never changed.</summary>
public abstract record ImageEvent(DateTimeOffset At);

public static class ImageEvents
{
    public sealed record Defined(
        RequestId Request, Digest Config, ImmutableArray<LineageLayer> Lineage, int Copies, DateTimeOffset At)
        : ImageEvent(At);

    public sealed record CopiesSet(RequestId Request, int Copies, DateTimeOffset At) : ImageEvent(At);

    /// <param name="For">Null: an operator wants it.</param>
    public sealed record Pinned(RequestId Request, HostName Host, DateTimeOffset At, PinOwner? For = null)
        : ImageEvent(At);

    public sealed record Unpinned(RequestId Request, HostName Host, DateTimeOffset At) : ImageEvent(At);

    /// <summary>The container needs the host's copy no more.</summary>
    public sealed record PinReleased(HostName Host, PinOwner Of, DateTimeOffset At) : ImageEvent(At);

    /// <summary>A host says what it has.</summary>
    public sealed record HoldingChanged(HostName Host, Stamp Stamp, ImageHolding? Holding, DateTimeOffset At)
        : ImageEvent(At);

    public sealed record HostGone(HostName Host, Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At)
        : ImageEvent(At);

    /// <summary>Decided: this host gets a copy.</summary>
    /// <param name="Why">What made it necessary.</param>
    /// <param name="Candidates">The best first; the chosen one among them.</param>
    public sealed record CopyPlanned(
        ulong Copy, HostName Target, Incarnation Incarnation, PoolSpace Space, DateTimeOffset Until, string Why,
        ImmutableArray<Candidate> Candidates, DateTimeOffset At) : ImageEvent(At);

    /// <summary>Decided: a copy is needed, and no host fits.</summary>
    public sealed record NoHostFits(string Why, ImmutableArray<Candidate> Candidates, DateTimeOffset At)
        : ImageEvent(At);

    /// <summary>Its space is promised.</summary>
    public sealed record CopyStarted(ulong Copy, PoolName Pool, DateTimeOffset Until, DateTimeOffset At)
        : ImageEvent(At);

    public sealed record CopyRenewed(ulong Copy, DateTimeOffset Until, DateTimeOffset At) : ImageEvent(At);

    /// <param name="Rest">After a failure: the host is not chosen before.</param>
    public sealed record CopyEnded(ulong Copy, CopyEnd End, string Why, DateTimeOffset? Rest, DateTimeOffset At)
        : ImageEvent(At);

    /// <summary>Decided: this host's copy is one too many. The host asks before it lets it go.</summary>
    public sealed record ReleaseOrdered(HostName Host, string Why, DateTimeOffset At) : ImageEvent(At);

    /// <summary>Decided: the host may drop its copy. Nothing follows from it, and it is journaled all the same: an
    /// instance of this entity that was replaced, and does not know it, cannot: its write is refused.</summary>
    public sealed record DropAllowed(HostName Host, Stamp Stamp, DateTimeOffset At) : ImageEvent(At);

    /// <summary>The host's copy is needed again, or cannot go.</summary>
    public sealed record ReleaseWithdrawn(HostName Host, DateTimeOffset At) : ImageEvent(At);
}

/// <summary>An image's answer.</summary>
public abstract record ImageReply;

public static class ImageReplies
{
    /// <summary>The reference means the image, with so many copies wanted.</summary>
    public sealed record Defined(RequestId Request, int Copies) : ImageReply;

    public sealed record CopiesSet(RequestId Request, int Copies) : ImageReply;

    /// <summary>The host is to have and to keep a copy.</summary>
    /// <param name="Holds">It has one.</param>
    public sealed record Pinned(RequestId Request, HostName Host, bool Holds) : ImageReply;

    public sealed record Unpinned(RequestId Request, HostName Host) : ImageReply;

    /// <summary>No copy is kept for the container under this epoch or a lower one.</summary>
    public sealed record PinsReleased(PinOwner Of) : ImageReply;

    /// <summary>What the host announced is what the fleet believes.</summary>
    /// <param name="Known">The fleet knows the image's lineage; else the host is to define it.</param>
    public sealed record Heard(Stamp Stamp, bool Known) : ImageReply;

    /// <summary>The host may drop its copy, if this is still what it asks.</summary>
    public sealed record MayDrop(Stamp Stamp) : ImageReply;

    /// <summary>The host keeps its copy, and announces so.</summary>
    public sealed record MustKeep(Stamp Stamp, Refusal Refusal) : ImageReply;

    /// <summary>The host's incarnation has ended for the fleet: it is to begin another.</summary>
    public sealed record Ended(Stamp Stamp) : ImageReply;

    public sealed record NotedGone(HostName Host) : ImageReply;

    /// <summary>Compared and decided; what is to be done follows from the state (<see cref="ImageWork"/>).</summary>
    /// <param name="Missing">Copies for which no host was found.</param>
    public sealed record Considered(int Missing) : ImageReply;

    /// <summary>The copy is under way until then.</summary>
    public sealed record CopyContinues(ulong Copy, DateTimeOffset Until) : ImageReply;

    /// <summary>The copy is not under way: what is done for it is to be undone.</summary>
    public sealed record NoSuchCopy(ulong Copy) : ImageReply;

    public sealed record Refused(RequestId Request, Refusal Refusal) : ImageReply;
}
