using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>A command to a bucket of layer locations. The command carries the time.</summary>
public abstract record LocationCommand(DateTimeOffset At);

/// <summary>The commands. <see cref="LocationDecider"/> decides each of them.</summary>
public static class LocationCommands
{
    /// <summary>A host announces its layers of this bucket.</summary>
    public sealed record Announce(HostName Host, LayerAnnouncement Announcement, DateTimeOffset At)
        : LocationCommand(At);

    /// <summary>A host has left or is lost: in this incarnation it serves nothing.</summary>
    public sealed record NoteGone(HostName Host, Incarnation Incarnation, DateTimeOffset At) : LocationCommand(At);

    /// <summary>A host is about to copy a layer.</summary>
    /// <param name="Source">The host to copy from; null: the bucket chooses.</param>
    /// <param name="Lease">How long the copy counts without <see cref="RenewCopy"/>.</param>
    public sealed record BeginCopy(
        ChainId Layer, HostName Target, HostName? Source, TimeSpan Lease, DateTimeOffset At) : LocationCommand(At);

    /// <summary>The copy continues.</summary>
    public sealed record RenewCopy(ChainId Layer, HostName Target, TimeSpan Lease, DateTimeOffset At)
        : LocationCommand(At);

    /// <summary>The copy has ended, successfully or not; the host announces the layer itself.</summary>
    public sealed record EndCopy(ChainId Layer, HostName Target, DateTimeOffset At) : LocationCommand(At);

    /// <summary>Asks for the locations of the layer.</summary>
    public sealed record Locate(ChainId Layer, DateTimeOffset At) : LocationCommand(At);

    /// <summary>Ends copies whose lease has expired.</summary>
    public sealed record Tick(DateTimeOffset At) : LocationCommand(At);
}

/// <summary>What has happened in a bucket. Fields are added, a meaning is never changed.</summary>
public abstract record LocationEvent(DateTimeOffset At);

public static class LocationEvents
{
    /// <summary>A host's announcement differs from the bucket's state in this.</summary>
    public sealed record HostHeard(
        HostName Host, Stamp Stamp, ImmutableArray<LayerHolding> Present, ImmutableArray<ChainId> Absent,
        DateTimeOffset At) : LocationEvent(At);

    /// <summary>The host is gone, with all its copies and with the transfers from and to it.</summary>
    public sealed record HostGone(HostName Host, Incarnation Incarnation, DateTimeOffset At) : LocationEvent(At);

    public sealed record CopyBegun(
        ChainId Layer, HostName Target, HostName Source, DateTimeOffset Until, DateTimeOffset At) : LocationEvent(At);

    public sealed record CopyRenewed(ChainId Layer, HostName Target, DateTimeOffset Until, DateTimeOffset At)
        : LocationEvent(At);

    /// <param name="Lapsed">Its lease expired without a renewal.</param>
    public sealed record CopyEnded(ChainId Layer, HostName Target, bool Lapsed, DateTimeOffset At) : LocationEvent(At);
}

/// <summary>A bucket's reply.</summary>
public abstract record LocationReply;

public static class LocationReplies
{
    /// <summary>The bucket's state matches the announcement.</summary>
    public sealed record Heard(Stamp Stamp) : LocationReply;

    /// <summary>An earlier announcement is missing: the host must announce everything.</summary>
    public sealed record NeedsWhole(Stamp Stamp) : LocationReply;

    /// <summary>The fleet has ended this incarnation of the host: it must begin another.</summary>
    public sealed record Ended(Stamp Stamp) : LocationReply;

    /// <summary>The host is gone.</summary>
    public sealed record Gone(HostName Host) : LocationReply;

    /// <summary>The target must copy from this host.</summary>
    /// <param name="Digest">The digest of the source's copy.</param>
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

    /// <summary>Expired leases have ended.</summary>
    public sealed record Ticked : LocationReply;

    public sealed record Refused(Refusal Refusal) : LocationReply;
}
