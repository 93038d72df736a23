namespace DmAgents.Bench;

/// <summary>What one operation took on both sides.</summary>
/// <param name="Name">For machines.</param>
/// <param name="Title">For people.</param>
internal sealed class OperationFigures(string name, string title)
{
    public string Name { get; } = name;

    public string Title { get; } = title;

    public SideFigures Bare { get; } = new();

    public SideFigures Actors { get; } = new();

    /// <summary>Journal commits during and after the actors' operations, outcomes included.</summary>
    public int Commits { get; set; }

    /// <summary>The operations during which the commits were counted.</summary>
    public int CommitsOf { get; set; }

    /// <summary>Bytes that reached the disks during and after the operations: the pools' by the bare calls and by the
    /// actors, and the one that has the journal.</summary>
    public long BareWritten { get; set; }

    public long PoolWritten { get; set; }

    public long JournalWritten { get; set; }
}

/// <summary>What one operation took on one side.</summary>
internal sealed class SideFigures
{
    public Series Times { get; } = new();

    public Counters Counters { get; set; }
}

/// <summary>A hundred creates at once.</summary>
/// <param name="Slope">Milliseconds from one answer to the next: (last - first) / 99.</param>
/// <param name="Total">Milliseconds until the last.</param>
/// <param name="Commits">Journal commits until all outcomes are durable.</param>
internal sealed record BurstFigures(double Slope, double Total, int? Commits);

/// <summary>All that was measured.</summary>
internal sealed class Figures
{
    public List<OperationFigures> Operations { get; } = [];

    /// <summary>Through the journal plugin.</summary>
    public SideFigures Commit { get; } = new();

    /// <summary>SQLite alone.</summary>
    public SideFigures BareCommit { get; } = new();

    /// <summary>A request that is refused at once, by the actors.</summary>
    public SideFigures WayAndBack { get; } = new();

    public List<BurstFigures> BareBursts { get; } = [];

    public List<BurstFigures> ActorBursts { get; } = [];

    /// <summary>Per device: removed and its blocks back, many at once.</summary>
    public Series BareReturns { get; } = new();

    public Series ActorReturns { get; } = new();
}
