using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Orders;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>What a host needs to drive the entities that live on it, and to heed the orders of the others.</summary>
/// <param name="RestoreAfter">A lost host's copies count for this long.</param>
/// <param name="Take">Takes an order for this host. Returns at once.</param>
public sealed record SpreadSettings(TimeSpan RestoreAfter, Action<HostOrder> Take)
{
    /// <summary>A copy of which nothing is heard for so long is given up: twelve looks.</summary>
    public TimeSpan CopyLease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A host is left alone for so long after a failure; twice as long after each more.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Between two looks at an entity that has something under way. Orders are repeated as often.</summary>
    public TimeSpan Look { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two looks at any other entity in memory: a host that was lost is found so.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromMinutes(1);

    internal ImagePolicy Policy => new(RestoreAfter, CopyLease, RetryAfter);
}
