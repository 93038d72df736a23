using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>Access to the fleet's entities. Every wait has a deadline.</summary>
public interface IFleetEntities
{
    /// <summary>When this host's entities began to accept changes; null while they accept none.</summary>
    DateTimeOffset? ReadySince { get; }

    Task<EntityAnswer<LocationReply>> Ask(
        LayerBucket bucket, LocationCommand command, CancellationToken cancellation);

    Task<EntityAnswer<HostReply>> Ask(HostName host, HostCommand command, CancellationToken cancellation);

    /// <summary>What the fleet knows about a host.</summary>
    Task<EntityAnswer<HostLedger>> Show(HostName host, CancellationToken cancellation);

    Task<EntityAnswer<ImageReply>> Ask(
        ImageReference image, ImageCommand command, CancellationToken cancellation);

    /// <summary>What the fleet knows about an image.</summary>
    Task<EntityAnswer<ImageState>> Show(ImageReference image, CancellationToken cancellation);

    Task<EntityAnswer<ContainerReply>> Ask(
        ContainerName container, ContainerCommand command, CancellationToken cancellation);

    /// <summary>What the fleet knows about a container.</summary>
    Task<EntityAnswer<ContainerState>> Show(ContainerName container, CancellationToken cancellation);
}
