using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Images;

/// <summary>A layer of an image's lineage.</summary>
/// <param name="Space">The space of its own blocks in a pool.</param>
public sealed record LineageLayer(ChainId Layer, PoolSpace Space);

/// <summary>How much of an image a host has.</summary>
public enum HoldingKind
{
    /// <summary>Nothing, only a part, or unverified layers.</summary>
    Incomplete,

    /// <summary>Every layer, each verified by the host itself.</summary>
    Whole,

    /// <summary>The whole image; the host asks whether it may drop it, by order of the fleet. The copy stops counting
    /// until the host announces otherwise.</summary>
    Releasing,

    /// <summary>The whole image; the host asks whether it may drop it, by order of an operator.</summary>
    Dropping,
}

/// <summary>A host's announcement of an image.</summary>
/// <param name="Config">The digest of the configuration that the reference names there: another digest is another
/// image.</param>
/// <param name="InUse">A container, another image or a client needs its layers: it cannot be released.</param>
/// <param name="Kept">An operator brought it to the host: the fleet neither releases it nor gives its name to another
/// image.</param>
public sealed record ImageHolding(Digest Config, HoldingKind Kind, bool InUse, bool Kept = false)
{
    /// <summary>The fleet cannot release it.</summary>
    public bool Stays => InUse || Kept;
}

/// <summary>An image entity's knowledge of a host.</summary>
/// <param name="Holding">Null: the host has nothing of it.</param>
/// <param name="LostSince">When the host was lost; null: it is present, or has left.</param>
public sealed record ImageHost(HostHearing Hearing, ImageHolding? Holding, DateTimeOffset? LostSince);

/// <summary>The container for which a host keeps a copy.</summary>
/// <param name="Epoch">The container's epoch. A later container of the name has its own pin.</param>
public sealed record PinOwner(ContainerName Container, ContainerEpoch Epoch);

/// <summary>A host that must get and keep a copy.</summary>
/// <param name="For">Null: for an operator.</param>
public sealed record ImagePin(HostName Host, PinOwner? For);

/// <summary>The phase of a copy to a host.</summary>
public enum CopyPhase
{
    /// <summary>The host is chosen; its space is not yet promised.</summary>
    Planned,

    /// <summary>The space is promised: the host must copy.</summary>
    Started,
}

/// <summary>A copy of the image to a host.</summary>
/// <param name="Incarnation">The target's incarnation. A later one does not continue the copy.</param>
/// <param name="Pool">The pool of the promised space; null before the promise.</param>
/// <param name="Until">The copy is abandoned if nothing is heard of it until then.</param>
public sealed record ImageCopy(
    CopyId Id, HostName Target, Incarnation Incarnation, CopyPhase Phase, PoolName? Pool, PoolSpace Space,
    DateTimeOffset Until);

/// <summary>Why a copy is no longer under way.</summary>
public enum CopyEnd
{
    Done,

    /// <summary>The host or its ledger refused.</summary>
    Failed,

    /// <summary>Its lease expired without news of it.</summary>
    Lapsed,

    /// <summary>The host is gone, or has begun another incarnation.</summary>
    HostGone,

    /// <summary>The reference names another image, or fewer copies are wanted.</summary>
    NotWanted,
}

/// <summary>A host on which a copy failed.</summary>
/// <param name="Failures">The number of consecutive failures.</param>
/// <param name="NotBefore">The host is not chosen before this time.</param>
public sealed record CopyTrouble(int Failures, DateTimeOffset NotBefore, string Why);

/// <summary>The fleet's settings for a decision. They come with the command.</summary>
/// <param name="RestoreAfter">How long a lost host's copy still counts.</param>
/// <param name="CopyLease">How long a copy may go without news before it is abandoned.</param>
/// <param name="RetryAfter">How long a host is not chosen after a failure; doubled for each further failure, up to 64
/// times.</param>
public sealed record ImagePolicy(TimeSpan RestoreAfter, TimeSpan CopyLease, TimeSpan RetryAfter);

/// <summary>A decision that an operator can read later.</summary>
/// <param name="Chosen">Null: no host fits.</param>
/// <param name="Why">Its cause, with the numbers.</param>
public sealed record PlacementRecord(
    DateTimeOffset At, HostName? Chosen, string Why, ImmutableArray<Candidate> Candidates);
