using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Images;

/// <summary>A command to an image of the fleet. The command carries the time.</summary>
public abstract record ImageCommand(DateTimeOffset At);

/// <summary>The commands. <see cref="ImageDecider"/> decides each of them.</summary>
public static class ImageCommands
{
    /// <summary>The reference names this image.</summary>
    /// <param name="Lineage">From the lowest layer to the top.</param>
    /// <param name="Copies">The wanted number of copies, if the reference is new.</param>
    /// <param name="Replace">Replaces another image, because an operator gave the reference. A host that only announces
    /// its images does not replace.</param>
    public sealed record Define(
        RequestId Request, Digest Config, ImmutableArray<LineageLayer> Lineage, int Copies, bool Replace,
        DateTimeOffset At) : ImageCommand(At);

    public sealed record SetCopies(RequestId Request, int Copies, DateTimeOffset At) : ImageCommand(At);

    /// <summary>The host must get and keep a copy.</summary>
    /// <param name="For">The container that needs it there; null: an operator.</param>
    public sealed record Pin(RequestId Request, HostName Host, DateTimeOffset At, PinOwner? For = null)
        : ImageCommand(At);

    /// <summary>Removes the operator's pin on the host. Pins of containers stay.</summary>
    public sealed record Unpin(RequestId Request, HostName Host, DateTimeOffset At) : ImageCommand(At);

    /// <summary>The container of this epoch or a lower one needs no copy on any host.</summary>
    public sealed record ReleasePins(PinOwner Of, DateTimeOffset At) : ImageCommand(At);

    /// <summary>A host announces what it has of the image. Always the complete state, so a missed announcement does no
    /// harm.</summary>
    /// <param name="Holding">Null: nothing.</param>
    public sealed record Announce(HostName Host, Stamp Stamp, ImageHolding? Holding, DateTimeOffset At)
        : ImageCommand(At);

    public sealed record NoteGone(HostName Host, Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At)
        : ImageCommand(At);

    /// <summary>Compares the actual with the wanted state, and decides what to do.</summary>
    /// <param name="Offers">All present hosts, as their ledgers offer them.</param>
    public sealed record Consider(ImmutableArray<HostOffer> Offers, ImagePolicy Policy, DateTimeOffset At)
        : ImageCommand(At);

    /// <summary>The target's ledger has promised the space.</summary>
    public sealed record NotePromise(ulong Copy, PoolName Pool, TimeSpan Lease, DateTimeOffset At) : ImageCommand(At);

    /// <summary>The target is working on the copy.</summary>
    public sealed record NoteProgress(ulong Copy, TimeSpan Lease, DateTimeOffset At) : ImageCommand(At);

    /// <summary>The ledger or the target refused.</summary>
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

    /// <param name="For">Null: for an operator.</param>
    public sealed record Pinned(RequestId Request, HostName Host, DateTimeOffset At, PinOwner? For = null)
        : ImageEvent(At);

    public sealed record Unpinned(RequestId Request, HostName Host, DateTimeOffset At) : ImageEvent(At);

    /// <summary>The container no longer needs the host's copy.</summary>
    public sealed record PinReleased(HostName Host, PinOwner Of, DateTimeOffset At) : ImageEvent(At);

    /// <summary>A host announced what it has.</summary>
    public sealed record HoldingChanged(HostName Host, Stamp Stamp, ImageHolding? Holding, DateTimeOffset At)
        : ImageEvent(At);

    public sealed record HostGone(HostName Host, Incarnation Incarnation, HostAbsence Absence, DateTimeOffset At)
        : ImageEvent(At);

    /// <summary>Decided: this host gets a copy.</summary>
    /// <param name="Why">Its cause.</param>
    /// <param name="Candidates">The best first, including the chosen one.</param>
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

    /// <param name="Rest">After a failure: the host is not chosen before this time.</param>
    public sealed record CopyEnded(ulong Copy, CopyEnd End, string Why, DateTimeOffset? Rest, DateTimeOffset At)
        : ImageEvent(At);

    /// <summary>Decided: this host's copy is surplus. The host asks before it drops it.</summary>
    public sealed record ReleaseOrdered(HostName Host, string Why, DateTimeOffset At) : ImageEvent(At);

    /// <summary>Decided: the host may drop its copy. It changes no state, but is journaled so that a replaced instance
    /// of this entity, unaware of its replacement, cannot permit it: its write is refused.</summary>
    public sealed record DropAllowed(HostName Host, Stamp Stamp, DateTimeOffset At) : ImageEvent(At);

    /// <summary>The host's copy is needed again, or cannot be dropped.</summary>
    public sealed record ReleaseWithdrawn(HostName Host, DateTimeOffset At) : ImageEvent(At);
}

/// <summary>An image's reply.</summary>
public abstract record ImageReply;

public static class ImageReplies
{
    /// <summary>The reference names the image, with this number of wanted copies.</summary>
    public sealed record Defined(RequestId Request, int Copies) : ImageReply;

    public sealed record CopiesSet(RequestId Request, int Copies) : ImageReply;

    /// <summary>The host must get and keep a copy.</summary>
    /// <param name="Holds">It has one.</param>
    public sealed record Pinned(RequestId Request, HostName Host, bool Holds) : ImageReply;

    public sealed record Unpinned(RequestId Request, HostName Host) : ImageReply;

    /// <summary>No copy is kept for the container under this epoch or a lower one.</summary>
    public sealed record PinsReleased(PinOwner Of) : ImageReply;

    /// <summary>The fleet's state matches the announcement.</summary>
    /// <param name="Known">The fleet knows the image's lineage; if not, the host must define it.</param>
    public sealed record Heard(Stamp Stamp, bool Known) : ImageReply;

    /// <summary>The host may drop its copy, if this is still its question.</summary>
    public sealed record MayDrop(Stamp Stamp) : ImageReply;

    /// <summary>The host must keep its copy, and announce that it does.</summary>
    public sealed record MustKeep(Stamp Stamp, Refusal Refusal) : ImageReply;

    /// <summary>The fleet has ended this incarnation of the host: it must begin another.</summary>
    public sealed record Ended(Stamp Stamp) : ImageReply;

    public sealed record NotedGone(HostName Host) : ImageReply;

    /// <summary>Compared and decided; the work follows from the state (<see cref="ImageWork"/>).</summary>
    /// <param name="Missing">The number of copies for which no host was found.</param>
    public sealed record Considered(int Missing) : ImageReply;

    /// <summary>The copy is under way until this time.</summary>
    public sealed record CopyContinues(ulong Copy, DateTimeOffset Until) : ImageReply;

    /// <summary>The copy is not under way: the recipient must undo what it did for it.</summary>
    public sealed record NoSuchCopy(ulong Copy) : ImageReply;

    public sealed record Refused(RequestId Request, Refusal Refusal) : ImageReply;
}
