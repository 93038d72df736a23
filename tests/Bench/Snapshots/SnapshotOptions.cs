namespace DmAgents.Bench.Snapshots;

/// <summary>What is measured, where, and how often.</summary>
internal sealed record SnapshotOptions
{
    public const string Help = """
        usage: DmAgents.Bench snapshots --run DIR --state DIR --binaries DIR --floor DATA,METADATA --agent DATA,METADATA
                                        --image LAYOUT --archive FILE [--quick] [--json] [--plot FILE] [--stock N]
                                        [--sides NAME,...] [--parts NAME,...]

        Overwrites the four disks. tests/Bench/snapshots.sh calls it in the lab.
        """;

    public static IReadOnlyList<string> AllParts { get; } =
        ["rounds", "bursts", "returns", "chain", "unpack", "forks", "stock", "many"];

    /// <summary>Has the daemons' configurations, dmagents.conf and containerd.toml; their logs are written
    /// there.</summary>
    public required string Run { get; init; }

    /// <summary>A directory on the disk that has the agent's journal.</summary>
    public required string State { get; init; }

    /// <summary>Where dmagentd is.</summary>
    public required string Binaries { get; init; }

    public required DiskPair Floor { get; init; }

    public required DiskPair Agent { get; init; }

    /// <summary>An image as OCI layout.</summary>
    public required string Image { get; init; }

    /// <summary>The same image as an archive that Docker and containerd read.</summary>
    public required string Archive { get; init; }

    public IReadOnlyList<string> Sides { get; init; } = SnapshotSides.AllNames;

    public IReadOnlyList<string> Parts { get; init; } = AllParts;

    /// <summary>Snapshots that the agent is told to keep ready, for the part "stock"; 0: that part is left
    /// out.</summary>
    public int Stock { get; init; }

    /// <summary>For machines, instead of the table.</summary>
    public bool Json { get; init; }

    /// <summary>Where a picture is written, if anywhere.</summary>
    public string? Plot { get; init; }

    public bool Quick { get; init; }

    public int WarmRounds => Quick ? 1 : 3;

    /// <summary>Of ten operations of each kind on each side.</summary>
    public int Rounds => Quick ? 3 : 15;

    /// <summary>How often a hundred prepares are asked for at once, and fifty snapshots removed.</summary>
    public int Bursts => Quick ? 1 : 3;

    public int Chains => Quick ? 1 : 2;

    public int Unpacks => Quick ? 1 : 3;

    public int Starts => Quick ? 1 : 3;

    /// <summary>How many snapshots the agent has when it starts.</summary>
    public IReadOnlyList<int> Many => Quick ? [10, 1000] : SnapshotRow.StartCounts;

    /// <summary>And containerd, which takes about a quarter of a second to make each.</summary>
    public IReadOnlyList<int> ManyOfContainerd => Quick ? [10] : [10, 1000];

    /// <summary>Null where the arguments make no sense.</summary>
    public static SnapshotOptions? Parse(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, string>();
        bool quick = false, json = false;
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "--quick")
                quick = true;
            else if (arguments[i] == "--json")
                json = true;
            else if (arguments[i].StartsWith("--", StringComparison.Ordinal) && i + 1 < arguments.Count)
                values[arguments[i][2..]] = arguments[++i];
            else
                return null;
        }
        string? Take(string name) => values.Remove(name, out var value) ? value : null;
        IReadOnlyList<string>? List(string name, IReadOnlyList<string> all) =>
            Take(name) is not { } text
                ? all
                : text.Split(',') is var chosen && chosen.All(all.Contains) ? chosen : null;
        var stock = 0;
        return Take("run") is { } run && Take("state") is { } state && Take("binaries") is { } binaries
            && Take("floor") is { } floor && DiskPair.Parse(floor) is { } floorDisks
            && Take("agent") is { } agent && DiskPair.Parse(agent) is { } agentDisks
            && Take("image") is { } image && Take("archive") is { } archive
            && List("sides", SnapshotSides.AllNames) is { } sides && List("parts", AllParts) is { } parts
            && (Take("stock") is not { } ready || int.TryParse(ready, out stock)) && Take("plot") is var plot
            && values.Count == 0
            ? new SnapshotOptions
            {
                Run = run,
                State = state,
                Binaries = binaries,
                Floor = floorDisks,
                Agent = agentDisks,
                Image = image,
                Archive = archive,
                Sides = sides,
                Parts = parts,
                Stock = stock,
                Plot = plot,
                Quick = quick,
                Json = json,
            }
            : null;
    }
}
