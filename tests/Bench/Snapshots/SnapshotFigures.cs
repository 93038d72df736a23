namespace DmAgents.Bench.Snapshots;

/// <summary>A kind of figure: one row.</summary>
/// <param name="Name">For machines.</param>
/// <param name="Title">For people.</param>
/// <param name="Unit">Of its values.</param>
internal sealed record SnapshotRow(string Name, string Title, string Unit = "ms")
{
    public static readonly SnapshotRow Nothing = new("nothing", "a call that does nothing");
    public static readonly SnapshotRow Prepare = new("prepare", "prepare, of a layer");
    public static readonly SnapshotRow Stocked = new("prepare-stock", "prepare, of a layer, from stock");
    public static readonly SnapshotRow Remove = new("remove", "remove, until it answers");
    public static readonly SnapshotRow Commit = new("commit", "commit");
    public static readonly SnapshotRow RemoveLayer = new("remove-layer", "remove of a layer, until it answers");
    public static readonly SnapshotRow Collect = new("collect", "collection by containerd of 20 removed: each");
    public static readonly SnapshotRow Slope = new("burst-slope", "100 prepares at once: each further one");
    public static readonly SnapshotRow Burst = new("burst", "100 prepares at once: all");
    public static readonly SnapshotRow Return = new("return", "50 removals: each, until its MiB is back");
    public static readonly SnapshotRow Chain = new("chain", "chain of 128 layers, each mounted");
    public static readonly SnapshotRow Unpack = new("unpack", "unpack of a Debian image");
    public static readonly SnapshotRow Forks = new("forks", "processes forked for a prepare", "");
    public static readonly SnapshotRow Fill = new("fill", "prepare and commit of many: each");
    public static readonly SnapshotRow Memory = new("memory", "memory with many snapshots", "MiB");

    /// <summary>With how many snapshots a daemon is started.</summary>
    public static readonly IReadOnlyList<int> StartCounts = [10, 1000, 10_000];

    public static readonly IReadOnlyList<SnapshotRow> All =
    [
        Nothing, Prepare, Stocked, Remove, Commit, RemoveLayer, Collect, Slope, Burst, Return, Chain, Unpack,
        Forks, Fill,
        .. StartCounts.Select(count => StartOf(count, killed: false)),
        .. StartCounts.Select(count => StartOf(count, killed: true)),
        Memory,
    ];

    /// <param name="killed">It was killed at work; else it was stopped in order.</param>
    public static SnapshotRow StartOf(int count, bool killed) => new(
        $"start-{count}{(killed ? "-killed" : "")}", $"start with {count} snapshots{(killed ? ", after a kill" : "")}");
}

/// <summary>All that was measured.</summary>
internal sealed class SnapshotFigures
{
    private readonly Dictionary<(SnapshotRow Row, string Side), SideFigures> _cells = [];

    /// <summary>One commit through the agent's journal plugin.</summary>
    public SideFigures JournalWrite { get; } = new();

    /// <summary>Parts of the way of a prepare, by what they are.</summary>
    public Dictionary<string, SideFigures> Paths { get; } = [];

    /// <summary>How many snapshots the sides had that were started with many.</summary>
    public Dictionary<string, int> Many { get; } = [];

    public SideFigures this[SnapshotRow row, string side] =>
        _cells.TryGetValue((row, side), out var cell) ? cell : _cells[(row, side)] = new SideFigures();

    /// <summary>Not a number where nothing was measured.</summary>
    public double Median(SnapshotRow row, string side) => this[row, side].Times.Median;
}
