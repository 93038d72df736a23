using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Orders;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>What a host needs to drive the entities on it, and to follow the orders of other hosts.</summary>
/// <param name="RestoreAfter">A lost host's copies count for this long.</param>
/// <param name="Take">Receives an order for this host. Returns at once.</param>
public sealed record SpreadSettings(TimeSpan RestoreAfter, Action<HostOrder> Take)
{
    /// <summary>A copy without a report for this long is given up: twelve looks.</summary>
    public TimeSpan CopyLease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A host gets no order for this long after a failure; twice as long after each further one.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Interval of looks at an entity with work under way, and of repeated orders.</summary>
    public TimeSpan Look { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Interval of looks at any other entity in memory; it finds lost hosts.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromMinutes(1);

    internal ImagePolicy Policy => new(RestoreAfter, CopyLease, RetryAfter);
}
