using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet.Entities.Containers;

/// <summary>A container in the snapshot store.</summary>
internal sealed record ContainerDocument(
    ContainerName Name, ContainerPhase Phase, ContainerEpoch Epoch, HostName? Host, bool Chosen, string Why,
    ImageReference? Image, RequestId? MadeBy, ImmutableArray<Candidate> Candidates, ImmutableArray<HostName> Tried,
    ImmutableArray<ContainerHostDocument> Hosts, ImmutableArray<ContainerRequest> Requests, bool HasPin = false)
{
    public static ContainerDocument Of(ContainerState state) => new(
        state.Name, state.Phase, state.Epoch, state.Host, state.Chosen, state.Why, state.Image, state.MadeBy,
        state.Candidates, [.. state.Tried],
        [.. state.Hosts.Select(host => new ContainerHostDocument(host.Key, host.Value))], state.Requests,
        state.HasPin);

    public ContainerState ToState() => new ContainerState(Name).Restored(
        (Phase, Epoch, Host, Chosen, Why), (Image, HasPin, MadeBy, Candidates), Tried,
        Hosts.Select(host => KeyValuePair.Create(host.Host, host.Known)), Requests);
}

internal sealed record ContainerHostDocument(HostName Host, ContainerHost Known);
