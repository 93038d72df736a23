using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;

namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>A host's announcement to one entity.</summary>
public abstract record HostAnnouncement
{
    private HostAnnouncement()
    {
    }

    public sealed record ToLedger(Stamp Stamp, HostCapacity Capacity) : HostAnnouncement;

    public sealed record ToBucket(LayerBucket Bucket, LayerAnnouncement Announcement) : HostAnnouncement;

    public sealed record ToImage(ImageReference Image, Stamp Stamp, SaidOfImage Said) : HostAnnouncement;

    /// <param name="Epoch">Null: the host has no container of this name.</param>
    public sealed record ToContainer(ContainerName Container, Stamp Stamp, ContainerEpoch? Epoch) : HostAnnouncement;
}
