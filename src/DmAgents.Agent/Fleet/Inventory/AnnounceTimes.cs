namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>How often a host announces what it has.</summary>
internal sealed record AnnounceTimes
{
    public static AnnounceTimes Default { get; } = new();

    /// <summary>Between two rounds: what changes in between is announced together, and journaled once. A layer that is new
    /// is announced before that.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Between two looks for a layer that is new.</summary>
    public TimeSpan Glance { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>After a round in which something was not answered.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Everything is said again, with the stamps that it had.</summary>
    public TimeSpan Repeat { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Between two looks for hosts that are gone, besides the moments when members come and go.</summary>
    public TimeSpan Absences { get; init; } = TimeSpan.FromMinutes(1);
}
