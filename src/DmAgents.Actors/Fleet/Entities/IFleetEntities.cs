using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>The fleet's entities as they are asked. Every wait has an end.</summary>
public interface IFleetEntities
{
    /// <summary>Since when this host's entities take changes; null: they take none at present.</summary>
    DateTimeOffset? ReadySince { get; }

    Task<EntityAnswer<LocationReply>> Ask(
        LayerBucket bucket, LocationCommand command, CancellationToken cancellation);

    Task<EntityAnswer<HostReply>> Ask(HostName host, HostCommand command, CancellationToken cancellation);

    /// <summary>What the fleet knows of a host.</summary>
    Task<EntityAnswer<HostLedger>> Show(HostName host, CancellationToken cancellation);

    Task<EntityAnswer<ImageReply>> Ask(
        ImageReference image, ImageCommand command, CancellationToken cancellation);

    /// <summary>What the fleet knows of an image.</summary>
    Task<EntityAnswer<ImageState>> Show(ImageReference image, CancellationToken cancellation);

    Task<EntityAnswer<ContainerReply>> Ask(
        ContainerName container, ContainerCommand command, CancellationToken cancellation);

    /// <summary>What the fleet knows of a container.</summary>
    Task<EntityAnswer<ContainerState>> Show(ContainerName container, CancellationToken cancellation);
}
