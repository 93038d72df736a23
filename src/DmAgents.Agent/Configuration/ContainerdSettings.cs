using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Configuration;

/// <summary>Settings of the containerd service.</summary>
/// <param name="Socket">The Unix socket of the snapshot service.</param>
/// <param name="Snapshotter">The snapshotter's name in containerd.</param>
/// <param name="Pool">The pool of that snapshotter; null: the host's only one.</param>
/// <param name="UsageInterval">Maximum age of the reported usage of an active snapshot.</param>
public sealed record ContainerdSettings(string Socket, string Snapshotter, PoolName? Pool, TimeSpan UsageInterval);
