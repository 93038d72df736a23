using System.Collections.Immutable;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet.Entities.Images;

/// <summary>An image in the snapshot store.</summary>
internal sealed record ImageDocument(
    ImageReference Reference, Digest? Config, ImmutableArray<LineageLayer> Lineage, int Wanted, ulong LastCopy,
    ImmutableArray<ImageHostDocument> Hosts, ImmutableArray<ImageCopy> Copies, ImmutableArray<HostName> Pinned,
    ImmutableArray<HostName> Releasing, ImmutableArray<ImageTroubleDocument> Troubles,
    ImmutableArray<PlacementRecord> Decisions, ImmutableArray<RequestId> Requests,
    ImmutableArray<ImagePin>? Pins = null)
{
    // Pinned holds the hosts alone, for agents that predate Pins.
    public static ImageDocument Of(ImageState state) => new(
        state.Reference, state.Config, state.Lineage, state.Wanted, state.LastCopy,
        [.. state.Hosts.Select(host => new ImageHostDocument(host.Key, host.Value))], [.. state.Copies.Values],
        [.. state.Pinned], [.. state.Releasing],
        [.. state.Troubles.Select(trouble => new ImageTroubleDocument(trouble.Key, trouble.Value))],
        state.Decisions, state.Requests, state.Pins);

    public ImageState ToState() => new ImageState(Reference).Restored(
        (Config, Lineage, Wanted, LastCopy), Hosts.Select(host => KeyValuePair.Create(host.Host, host.Known)), Copies,
        Pins ?? [.. Pinned.Select(host => new ImagePin(host, For: null))], Releasing,
        Troubles.Select(trouble => KeyValuePair.Create(trouble.Host, trouble.Trouble)), Decisions, Requests);
}

internal sealed record ImageHostDocument(HostName Host, ImageHost Known);

internal sealed record ImageTroubleDocument(HostName Host, CopyTrouble Trouble);
