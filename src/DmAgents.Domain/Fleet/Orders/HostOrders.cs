using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Orders;

/// <summary>
/// What the fleet's entities ask a host to do. An order has no answer: it is repeated until the entity knows the
/// outcome from the host itself. It may come late, twice or never, and a host that does not know it ignores it.
/// </summary>
public abstract record HostOrder;

public static class HostOrders
{
    /// <summary>Copy the image into this pool. Before it begins, the host asks the image's entity whether the copy is
    /// still under way (<see cref="Images.ImageCommands.NoteProgress"/>): a late order does nothing.</summary>
    /// <param name="Incarnation">Of the host when it was chosen; another ignores the order.</param>
    /// <param name="Sources">Hosts that have all of it.</param>
    public sealed record CopyImage(
        CopyId Copy, Incarnation Incarnation, PoolName Pool, ImmutableArray<HostName> Sources) : HostOrder;

    /// <summary>Ask whether the host's copy may go (<see cref="Images.HoldingKind.Releasing"/>).</summary>
    public sealed record ReleaseImage(ImageReference Image) : HostOrder;

    /// <summary>Make the container, unless the host knows this epoch of the name or a higher one.</summary>
    public sealed record CreateContainer(ContainerName Container, ContainerEpoch Epoch, ImageReference Image)
        : HostOrder;

    /// <summary>Remove the container of this epoch or a lower one, and make none of these any more.</summary>
    public sealed record RemoveContainer(ContainerName Container, ContainerEpoch Epoch) : HostOrder;

    /// <summary>The container of this epoch must not be written any more; the same removal.</summary>
    public sealed record FenceContainer(ContainerName Container, ContainerEpoch Epoch) : HostOrder;
}
