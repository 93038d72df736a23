using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Images;

/// <summary>A layer of an image's lineage.</summary>
/// <param name="Space">What its own blocks take in a pool.</param>
public sealed record LineageLayer(ChainId Layer, PoolSpace Space);

/// <summary>How much of an image a host has.</summary>
public enum HoldingKind
{
    /// <summary>Nothing, or not all of it, or not verified.</summary>
    Incomplete,

    /// <summary>Every layer, each verified by the host itself.</summary>
    Whole,

    /// <summary>All of it; the host asks whether it may drop it, as the fleet asked it to. It does not count from
    /// here on until the host announces something else.</summary>
    Releasing,

    /// <summary>All of it; the host asks whether it may drop it, since an operator wants it to.</summary>
    Dropping,
}

/// <summary>What a host says of an image.</summary>
/// <param name="Config">The digest of the configuration that the reference means there: another is another image.
/// </param>
/// <param name="InUse">A container, another image or a client needs its layers: it cannot be released.</param>
/// <param name="Kept">An operator brought it to the host: the fleet neither releases it nor gives its name to another
/// image.</param>
public sealed record ImageHolding(Digest Config, HoldingKind Kind, bool InUse, bool Kept = false)
{
    /// <summary>The fleet cannot release it.</summary>
    public bool Stays => InUse || Kept;
}

/// <summary>What an image's entity knows of a host.</summary>
/// <param name="Holding">Null: the host has nothing of it.</param>
/// <param name="LostSince">The host is lost since then; null: it is there, or it has left.</param>
public sealed record ImageHost(HostHearing Hearing, ImageHolding? Holding, DateTimeOffset? LostSince);

/// <summary>For which container a host is to keep a copy.</summary>
/// <param name="Epoch">Of the container. The next one of the name has a pin of its own.</param>
public sealed record PinOwner(ContainerName Container, ContainerEpoch Epoch);

/// <summary>A host that is to have a copy, and to keep it.</summary>
/// <param name="For">Null: an operator wants it.</param>
public sealed record ImagePin(HostName Host, PinOwner? For);

/// <summary>How far a copy to a host is.</summary>
public enum CopyPhase
{
    /// <summary>The host is chosen, its space is not promised yet.</summary>
    Planned,

    /// <summary>The space is promised: the host is to copy.</summary>
    Started,
}

/// <summary>A copy of the image to a host.</summary>
/// <param name="Incarnation">Of the target. One that begins anew does not go on with it.</param>
/// <param name="Pool">Where the space is promised; null while it is not.</param>
/// <param name="Until">If nothing is heard of the copy until then, it is given up.</param>
public sealed record ImageCopy(
    CopyId Id, HostName Target, Incarnation Incarnation, CopyPhase Phase, PoolName? Pool, PoolSpace Space,
    DateTimeOffset Until);

/// <summary>Why a copy is no longer under way.</summary>
public enum CopyEnd
{
    Done,

    /// <summary>The host or its ledger said no.</summary>
    Failed,

    /// <summary>Nothing was heard of it for its lease.</summary>
    Lapsed,

    /// <summary>The host is gone, or has begun anew.</summary>
    HostGone,

    /// <summary>The reference means another image, or fewer copies are wanted.</summary>
    NotWanted,
}

/// <summary>A host at which a copy failed.</summary>
/// <param name="Failures">In a row.</param>
/// <param name="NotBefore">Not chosen before.</param>
public sealed record CopyTrouble(int Failures, DateTimeOffset NotBefore, string Why);

/// <summary>The fleet's settings that a decision depends on. They come with the command.</summary>
/// <param name="RestoreAfter">A lost host's copy counts for this long.</param>
/// <param name="CopyLease">A copy of which nothing is heard for this long is given up.</param>
/// <param name="RetryAfter">A host is not chosen for this long after a failure, twice as long after the next, up to 64
/// times.</param>
public sealed record ImagePolicy(TimeSpan RestoreAfter, TimeSpan CopyLease, TimeSpan RetryAfter);

/// <summary>A decision that an operator can read later.</summary>
/// <param name="Chosen">Null: no host fits.</param>
/// <param name="Why">What made it necessary, with the numbers.</param>
public sealed record PlacementRecord(
    DateTimeOffset At, HostName? Chosen, string Why, ImmutableArray<Candidate> Candidates);
