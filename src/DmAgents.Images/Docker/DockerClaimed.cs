using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Takeover;

namespace DmAgents.Images.Docker;

/// <summary>What can be adopted from a store, and why the rest cannot.</summary>
/// <param name="Claims">Parents before their children.</param>
/// <param name="Images">Images whose top layer is claimed, one for each reference.</param>
public sealed record DockerClaimed(
    ImmutableArray<DeviceRecord> Claims, ImmutableArray<AdoptedImage> Images, ImmutableArray<StoreFinding> Findings);
