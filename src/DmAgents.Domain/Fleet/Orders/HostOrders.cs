using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Orders;

/// <summary>
/// Orders of the fleet's entities to a host. An order has no answer: the entity repeats it until the host itself
/// announces the outcome. It may arrive late, twice or never, and a host that does not know it ignores it.
/// </summary>
public abstract record HostOrder;

public static class HostOrders
{
    /// <summary>Copy the image into this pool. Before it begins, the host asks the image's entity whether the copy is
    /// still under way (<see cref="Images.ImageCommands.NoteProgress"/>), so a late order does nothing.</summary>
    /// <param name="Incarnation">The host's incarnation when it was chosen; a host in another ignores the
    /// order.</param>
    /// <param name="Sources">Hosts that have the whole image.</param>
    public sealed record CopyImage(
        CopyId Copy, Incarnation Incarnation, PoolName Pool, ImmutableArray<HostName> Sources) : HostOrder;

    /// <summary>Ask whether the host's copy may be dropped (<see cref="Images.HoldingKind.Releasing"/>).</summary>
    public sealed record ReleaseImage(ImageReference Image) : HostOrder;

    /// <summary>Create the container, unless the host knows this epoch of the name or a higher one.</summary>
    public sealed record CreateContainer(ContainerName Container, ContainerEpoch Epoch, ImageReference Image)
        : HostOrder;

    /// <summary>Remove the container of this epoch or a lower one, and never create one of these epochs
    /// again.</summary>
    public sealed record RemoveContainer(ContainerName Container, ContainerEpoch Epoch) : HostOrder;

    /// <summary>The container of this epoch must not be written any more. Otherwise as <see
    /// cref="RemoveContainer"/>.</summary>
    public sealed record FenceContainer(ContainerName Container, ContainerEpoch Epoch) : HostOrder;
}
