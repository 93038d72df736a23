using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Takeover;

namespace DmAgents.Images.Docker;

/// <summary>What can be adopted of a store, and what not and why.</summary>
/// <param name="Claims">Parents before what lies upon them.</param>
/// <param name="Images">Those whose top layer is claimed, one for each reference.</param>
public sealed record DockerClaimed(
    ImmutableArray<DeviceRecord> Claims, ImmutableArray<AdoptedImage> Images, ImmutableArray<StoreFinding> Findings);
