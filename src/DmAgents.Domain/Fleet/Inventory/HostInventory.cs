using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>All that a host announces at one moment.</summary>
/// <param name="Layers">The layers of all pools.</param>
public sealed record HostInventory(
    HostCapacity Capacity, ImmutableArray<LayerHolding> Layers, ImmutableDictionary<ImageReference, HeldImage> Images,
    ImmutableDictionary<ContainerName, ContainerEpoch> Containers)
{
    /// <summary>The pools that were open and read: other pools may have more.</summary>
    public ImmutableHashSet<PoolUuid> Pools { get; init; } = [];
}

/// <summary>An image of a host.</summary>
/// <param name="Lineage">From the lowest layer to the top; null: the space of its layers is not known yet.</param>
/// <param name="Question">Identifies one question whether the image may be dropped; null: there is none.</param>
public sealed record HeldImage(ImageHolding Holding, ImmutableArray<LineageLayer>? Lineage, Guid? Question = null);

/// <summary>A host's announcement of an image. A question asked again has another id.</summary>
/// <param name="Holding">Null: the host has nothing of it.</param>
public sealed record SaidOfImage(ImageHolding? Holding, Guid? Question);

/// <summary>
/// What the fleet may believe the host has, from this incarnation or an earlier one. The host announces all of it,
/// including what it no longer has. It stores this on its disk before it announces anything new in it.
/// </summary>
/// <param name="Buckets">By number.</param>
public sealed record FleetTraces(
    ImmutableSortedSet<int> Buckets, ImmutableSortedSet<string> Images, ImmutableSortedSet<string> Containers)
{
    public static FleetTraces None { get; } = new(
        [], ImmutableSortedSet.Create<string>(StringComparer.Ordinal),
        ImmutableSortedSet.Create<string>(StringComparer.Ordinal));

    public bool IsSame(FleetTraces other) => Buckets.SetEquals(other.Buckets) && Images.SetEquals(other.Images)
        && Containers.SetEquals(other.Containers);
}
