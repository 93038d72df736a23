namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>How often a host announces what it has.</summary>
internal sealed record AnnounceTimes
{
    public static AnnounceTimes Default { get; } = new();

    /// <summary>Interval of rounds: changes in between are announced together, and journaled once. A new layer is
    /// announced earlier.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Interval of looks for a new layer.</summary>
    public TimeSpan Glance { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Delay after a round with an unanswered announcement.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Interval at which everything is announced again, with unchanged stamps.</summary>
    public TimeSpan Repeat { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Interval of looks for hosts that are gone, besides the times when members come and go.</summary>
    public TimeSpan Absences { get; init; } = TimeSpan.FromMinutes(1);
}
