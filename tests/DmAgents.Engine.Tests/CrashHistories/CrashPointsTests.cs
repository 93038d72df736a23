using System.Text.RegularExpressions;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>
/// The README beside this file names the crash points of each operation in their order, and what recovery does after
/// each. The other tests of this folder crash at every one of them.
/// </summary>
public sealed partial class CrashPointsTests
{
    private static readonly Lazy<string> Readme = new(() => File.ReadAllText(
        Path.Combine(Root(), "tests", "DmAgents.Engine.Tests", "CrashHistories", "README.md")));

    /// <summary>The operations by their name in the table, each with the scene that it needs.</summary>
    private static readonly Dictionary<string, (string Scene, Func<World, Operation> Operation)> All = new()
    {
        ["make a pool"] = ("", world => world.Initialize()),
        ["create, the first of a pool"] = ("a pool", _ =>
            Operations.Create(Operations.D, null, DeviceUse.Idle)),
        ["create, mounted"] = ("an image", _ => Operations.Create(Operations.D, Operations.A, DeviceUse.Mounted)),
        ["create, larger"] = ("an image", _ =>
            Operations.Create(Operations.D, Operations.A, DeviceUse.Idle, ByteSize.MiB(24))),
        ["receive, upon a layer"] = ("an image", _ => Operations.Receive(Operations.A)),
        ["receive, whole"] = ("a pool", _ => Operations.Receive(null)),
        ["snapshot of a live origin"] = ("a mounted container", _ =>
            Operations.CommitLive(Operations.C, Operations.B)),
        ["commit"] = ("an import that is filled", _ => Operations.Commit(Operations.C, Operations.B)),
        ["mount"] = ("an idle container and a second layer", _ =>
            Operations.Use(Operations.C, DeviceUse.Mounted)),
        ["unmount"] = ("a mounted container", _ => Operations.Use(Operations.C, DeviceUse.Idle)),
        ["grow a container"] = ("a mounted container", _ => Operations.Resize(Operations.C, ByteSize.MiB(24))),
        ["remove, with discard"] = ("a mounted container", _ => Operations.Remove(Operations.C)),
        ["tag an image"] = ("an idle container and a second layer", _ => Operations.Tag("other", Operations.B)),
        ["grow the pool"] = ("an image", world => world.AddDisk()),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory, MemberData(nameof(Names))]
    public void The_readme_names_the_crash_points_of_an_operation_in_their_order(string name)
    {
        var told = Rows().Where(row => row[0] == name).SelectMany(row => Quoted(row[1]));
        var points = Observed(name)
            .Where(point => !point.EndsWith(SteppedKernel.Begins, StringComparison.Ordinal)).ToList();
        var rows = points.Where((point, i) => i == 0 || points[i - 1] != point);
        var (code, readme) = (Join(rows), Join(told));
        // xunit would truncate them.
        Assert.True(code == readme, $"{name}\nby the code: {code}\nby the readme: {readme}");
    }

    [Fact]
    public void The_readme_tells_for_every_crash_point_what_recovery_does()
    {
        var told = Rows().Where(row => row.Length == 3).SelectMany(row => Quoted(row[0])).ToHashSet();
        var points = All.Keys.SelectMany(Observed).SelectMany(NamesIn).Distinct().Order();
        var missing = Join(points.Except(told));
        Assert.True(missing.Length == 0, $"no row tells of {missing}");
    }

    private static IEnumerable<string> NamesIn(string point) =>
        point.EndsWith(SteppedKernel.Begins, StringComparison.Ordinal) ? [point] : point.Split(", ");

    private static IEnumerable<string> Observed(string name)
    {
        var (scene, operation) = All[name];
        var world = new World(new Manner(Rides: false, Discards: true));
        if (scene.Length > 0)
            Assert.Null(world.Do(world.Initialize()));
        foreach (var before in Operations.Scenes().Where(s => s.Name == scene).SelectMany(s => s.Before))
            Assert.Null(world.Do(before));
        world.Steps.Arm();
        Assert.Null(world.Do(operation(world)));
        return [.. world.Steps.Points];
    }

    private static IEnumerable<string[]> Rows() => Readme.Value.Split('\n')
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
        .Select(line => line.Trim('|', ' ').Split(" | "));

    private static IEnumerable<string> Quoted(string cell) =>
        Code().Matches(cell).Select(match => match.Groups[1].Value);

    private static string Join(IEnumerable<string> points) => string.Join(" · ", points.Select(point => $"`{point}`"));

    private static string Root()
    {
        for (var at = AppContext.BaseDirectory; ; at = Path.GetDirectoryName(at)
            ?? throw new InvalidOperationException("the tests do not run in a checkout"))
        {
            if (File.Exists(Path.Combine(at, "DmAgents.sln")))
                return at;
        }
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
