using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>What a bucket of layer locations is asked. The time arrives with the command.</summary>
public abstract record LocationCommand(DateTimeOffset At);

/// <summary>The commands. Every one is decided by <see cref="LocationDecider"/>.</summary>
public static class LocationCommands
{
    /// <summary>A host says which layers of this bucket it has.</summary>
    public sealed record Announce(HostName Host, LayerAnnouncement Announcement, DateTimeOffset At)
        : LocationCommand(At);

    /// <summary>A host has left or is lost: in this incarnation nothing can be had of it.</summary>
    public sealed record NoteGone(HostName Host, Incarnation Incarnation, DateTimeOffset At) : LocationCommand(At);

    /// <summary>A host is about to copy a layer.</summary>
    /// <param name="Source">From this host; null: the bucket chooses.</param>
    /// <param name="Lease">How long the copy counts without <see cref="RenewCopy"/>.</param>
    public sealed record BeginCopy(
        ChainId Layer, HostName Target, HostName? Source, TimeSpan Lease, DateTimeOffset At) : LocationCommand(At);

    /// <summary>The copy continues.</summary>
    public sealed record RenewCopy(ChainId Layer, HostName Target, TimeSpan Lease, DateTimeOffset At)
        : LocationCommand(At);

    /// <summary>The copy has ended, whether it succeeded or not: the layer itself is announced.</summary>
    public sealed record EndCopy(ChainId Layer, HostName Target, DateTimeOffset At) : LocationCommand(At);

    /// <summary>Where is the layer?</summary>
    public sealed record Locate(ChainId Layer, DateTimeOffset At) : LocationCommand(At);

    /// <summary>Ends copies whose lease has lapsed.</summary>
    public sealed record Tick(DateTimeOffset At) : LocationCommand(At);
}

/// <summary>What has happened in a bucket. Fields are added, a meaning is never changed.</summary>
public abstract record LocationEvent(DateTimeOffset At);

public static class LocationEvents
{
    /// <summary>A host was heard, and differs from what the bucket believed in this.</summary>
    public sealed record HostHeard(
        HostName Host, Stamp Stamp, ImmutableArray<LayerHolding> Present, ImmutableArray<ChainId> Absent,
        DateTimeOffset At) : LocationEvent(At);

    /// <summary>The host is gone with all of its copies, and with the copies from it and to it.</summary>
    public sealed record HostGone(HostName Host, Incarnation Incarnation, DateTimeOffset At) : LocationEvent(At);

    public sealed record CopyBegun(
        ChainId Layer, HostName Target, HostName Source, DateTimeOffset Until, DateTimeOffset At) : LocationEvent(At);

    public sealed record CopyRenewed(ChainId Layer, HostName Target, DateTimeOffset Until, DateTimeOffset At)
        : LocationEvent(At);

    /// <param name="Lapsed">Nothing was heard of it for as long as its lease.</param>
    public sealed record CopyEnded(ChainId Layer, HostName Target, bool Lapsed, DateTimeOffset At) : LocationEvent(At);
}

/// <summary>A bucket's answer.</summary>
public abstract record LocationReply;

public static class LocationReplies
{
    /// <summary>What the host announced is what the bucket believes.</summary>
    public sealed record Heard(Stamp Stamp) : LocationReply;

    /// <summary>Something before it is missing: the host is to announce everything.</summary>
    public sealed record NeedsWhole(Stamp Stamp) : LocationReply;

    /// <summary>The host's incarnation has ended for the fleet: it is to begin another.</summary>
    public sealed record Ended(Stamp Stamp) : LocationReply;

    /// <summary>The host is gone.</summary>
    public sealed record Gone(HostName Host) : LocationReply;

    /// <summary>The target is to copy from this host.</summary>
    /// <param name="Digest">Of the source's copy.</param>
    public sealed record CopyFrom(ChainId Layer, HostName Source, ContentDigest Digest, DateTimeOffset Until)
        : LocationReply;

    /// <summary>The target has the layer.</summary>
    public sealed record Held(ChainId Layer, LayerCopy Copy) : LocationReply;

    /// <summary>No copy of the layer to this target is under way.</summary>
    public sealed record NoCopy(ChainId Layer, HostName Target) : LocationReply;

    /// <param name="Copies">By host.</param>
    /// <param name="UnderWay">By target.</param>
    public sealed record Located(
        ChainId Layer, ImmutableArray<LayerCopy> Copies, ImmutableArray<CopyLease> UnderWay) : LocationReply;

    /// <summary>Lapsed leases have ended.</summary>
    public sealed record Ticked : LocationReply;

    public sealed record Refused(Refusal Refusal) : LocationReply;
}
