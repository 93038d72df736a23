using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>All that a host has at one moment, as it announces it.</summary>
/// <param name="Layers">Of all pools.</param>
public sealed record HostInventory(
    HostCapacity Capacity, ImmutableArray<LayerHolding> Layers, ImmutableDictionary<ImageReference, HeldImage> Images,
    ImmutableDictionary<ContainerName, ContainerEpoch> Containers)
{
    /// <summary>The pools that were open and read: the host may have more in others.</summary>
    public ImmutableHashSet<PoolUuid> Pools { get; init; } = [];
}

/// <summary>An image that a host has.</summary>
/// <param name="Lineage">From the lowest layer to the top; null: what its layers take is not known yet.</param>
/// <param name="Question">Tells one question whether the image may go from another; null: nothing is asked.</param>
public sealed record HeldImage(ImageHolding Holding, ImmutableArray<LineageLayer>? Lineage, Guid? Question = null);

/// <summary>What a host says of an image. A question that is asked again is another one.</summary>
/// <param name="Holding">Null: the host has nothing of it.</param>
public sealed record SaidOfImage(ImageHolding? Holding, Guid? Question);

/// <summary>
/// What the fleet may believe that the host has, from this incarnation or an earlier one: all of it is announced, also
/// if the host has it no longer. The host keeps it on its disk, written before it announces what is new in it.
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
