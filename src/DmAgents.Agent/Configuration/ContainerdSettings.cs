using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Configuration;

/// <summary>How containerd is served.</summary>
/// <param name="Socket">The Unix socket of the snapshot service.</param>
/// <param name="Snapshotter">By which name containerd knows the snapshotter.</param>
/// <param name="Pool">The pool of that snapshotter; null: the host's only one.</param>
/// <param name="UsageInterval">How old the usage of an active snapshot may be.</param>
public sealed record ContainerdSettings(string Socket, string Snapshotter, PoolName? Pool, TimeSpan UsageInterval);
