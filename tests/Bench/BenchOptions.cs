using DmAgents.Domain.Devices;

namespace DmAgents.Bench;

/// <summary>What is measured, where, and how often.</summary>
/// <param name="State">A directory on a disk, for the journal and the mounts.</param>
/// <param name="Bare">Data and metadata disk of the pool that is used without actors.</param>
/// <param name="Actors">Data and metadata disk of the agent's pool; of the same sizes.</param>
/// <param name="WarmRounds">Rounds before those that count.</param>
/// <param name="Rounds">Rounds that count, of ten operations of each kind on each side.</param>
/// <param name="Bursts">How often a hundred creates are asked for at once.</param>
/// <param name="Json">For machines, instead of the table.</param>
internal sealed record BenchOptions(
    string State, DiskPair Bare, DiskPair Actors, int WarmRounds, int Rounds, int Bursts, bool Json)
{
    public const string Help = """
        usage: DmAgents.Bench --state DIR --bare DATA,METADATA --actors DATA,METADATA [--quick] [--json]

        Overwrites the four disks. tests/Bench/run.sh calls it in the lab.
        """;

    /// <summary>Null where the arguments make no sense.</summary>
    public static BenchOptions? Parse(IReadOnlyList<string> arguments)
    {
        string? state = null;
        DiskPair? bare = null, actors = null;
        bool quick = false, json = false;
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    quick = true;
                    break;
                case "--json":
                    json = true;
                    break;
                case "--state" when i + 1 < arguments.Count:
                    state = arguments[++i];
                    break;
                case "--bare" when i + 1 < arguments.Count:
                    bare = DiskPair.Parse(arguments[++i]);
                    break;
                case "--actors" when i + 1 < arguments.Count:
                    actors = DiskPair.Parse(arguments[++i]);
                    break;
                default:
                    return null;
            }
        }
        return state is null || bare is null || actors is null
            ? null
            : quick
                ? new BenchOptions(state, bare, actors, WarmRounds: 12, Rounds: 6, Bursts: 2, json)
                : new BenchOptions(state, bare, actors, WarmRounds: 20, Rounds: 25, Bursts: 5, json);
    }
}

/// <summary>A pool's two disks.</summary>
internal sealed record DiskPair(DevicePath Data, DevicePath Metadata)
{
    public static DiskPair? Parse(string text) =>
        text.Split(',') is [['/', ..] data, ['/', ..] metadata]
            ? new DiskPair(new DevicePath(data), new DevicePath(metadata))
            : null;
}
