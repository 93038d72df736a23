using System.Collections.Immutable;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Hosts;

/// <summary>A host's list of pools, replayed from its journal; stored as its snapshot.</summary>
/// <param name="Pools">By name.</param>
/// <param name="Forgotten">Pools that no longer exist, and whose rows in the journal are not deleted yet.</param>
public sealed record HostState(ImmutableArray<KnownPool> Pools, ImmutableArray<PoolUuid> Forgotten)
{
    public static HostState Empty { get; } = new([], []);

    public KnownPool? Find(PoolName name) => Pools.FirstOrDefault(pool => pool.Name == name);

    public HostState Apply(HostEvent happened) => happened switch
    {
        HostEvents.PoolRegistered e => this with
        {
            Pools = [.. Pools.Where(pool => pool.Name != e.Name), new KnownPool(e.Name, e.Uuid)],
        },
        HostEvents.PoolForgotten e => new HostState(
            [.. Pools.Where(pool => pool.Name != e.Name || pool.Uuid != e.Uuid)],
            [.. Forgotten.Where(uuid => uuid != e.Uuid), e.Uuid]),
        HostEvents.JournalErased e => this with { Forgotten = [.. Forgotten.Where(uuid => uuid != e.Uuid)] },
        _ => throw new InvalidOperationException($"a host does not know the event {happened.GetType().Name}"),
    };
}

/// <summary>A pool that is registered on the host.</summary>
public sealed record KnownPool(PoolName Name, PoolUuid Uuid);
