using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Testing.Faults;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>A history: the scene where it begins, its operations, and how its owner works.</summary>
internal sealed record History(string Scene, int[] Letters, Manner Manner)
{
    public override string ToString() => $"{Scene}, then {string.Join(", ", Letters)} ({Manner})";
}

/// <summary>Runs histories up to a crash, and judges the result of the recovery.</summary>
internal static class Histories
{
    /// <summary>Every history with this number of operations, each possible after the one before.</summary>
    /// <param name="bothArePossible">Instead, each must be possible in the scene: they run at the same time.</param>
    public static IEnumerable<History> Of(int length, Manner manner, bool bothArePossible = false) =>
        from scene in Operations.Scenes()
        where manner.Stocks == (scene.Name == Operations.Stock)
        from letters in Sequences(length, Operations.Alphabet(new World(manner)).Count())
        let history = new History(scene.Name, letters, manner)
        where bothArePossible
            ? letters.All(letter => IsPossible(history with { Letters = [letter] }))
            : IsPossible(history)
        select history;

    /// <summary>A world in the history's scene.</summary>
    public static World Begin(History history)
    {
        var world = new World(history.Manner);
        Must(world.Do(world.Initialize()), "initialize");
        foreach (var operation in Operations.Scenes().Single(s => s.Name == history.Scene).Before)
            Must(world.Do(operation), operation.Name);
        world.Steps.Arm();
        return world;
    }

    /// <summary>Runs the operations. The agent's death may interrupt the last one.</summary>
    /// <returns>The operation under way when the agent died; null if all were completed.</returns>
    public static Operation? Run(World world, History history, int? dieAfter, FailedCall? failed = null)
    {
        foreach (var (letter, isLast) in history.Letters.Select((l, i) => (l, i == history.Letters.Length - 1)))
        {
            var operation = Operations.Alphabet(world).ElementAt(letter);
            if (isLast)
                world.Steps.Arm(dieAfter, failed);
            try
            {
                world.Do(operation);
            }
            catch (AgentDiedException)
            {
                return operation;
            }
        }
        return null;
    }

    /// <summary>If the judgement finds a fault, fails the test with all information about it.</summary>
    public static void Hold(World world, Operation? underWay, bool goOn, Func<string> what) =>
        Hold(world, Judge(world, underWay, goOn), what);

    public static void Hold(World world, IReadOnlyCollection<string> faults, Func<string> what) => Assert.True(
        faults.Count == 0,
        $"{what()}:\n{string.Join('\n', faults)}\nexpected\n{world.Expected}calls\n{string.Join('\n', world.Calls)}\n"
        + $"journal\n{string.Join('\n', world.Journal)}");

    /// <summary>Recovers completely, and judges.</summary>
    /// <param name="underWay">An operation that may be done, or not at all.</param>
    /// <param name="goOn">Also judge another recovery and further operations.</param>
    public static List<string> Judge(World world, Operation? underWay, bool goOn = true)
    {
        var started = world.Machine.Start();
        if (!started.Succeeded)
            return [$"recovery failed: {started}"];
        var undone = world.Expected.AfterCrash();
        var done = (underWay?.After(world.Expected) ?? world.Expected).AfterCrash();
        var expected = Verdict.Differences(world, undone).Any() ? done : undone;
        var faults = Verdict.Faults(world, expected).ToList();
        world.Expect(expected);
        if (faults.Count > 0 || !goOn)
            return faults;
        faults.AddRange(RecoverAgain(world));
        faults.AddRange(GoOn(world));
        return faults;
    }

    /// <summary>Another recovery finds nothing to do.</summary>
    private static IEnumerable<string> RecoverAgain(World world)
    {
        world.Machine.Rest();
        world.Restart(Crash.AgentDies);
        var started = world.Machine.Start();
        if (!started.Succeeded)
            yield return $"the second recovery failed: {started}";
        else if (world.Machine.Plan is not { Findings: [], Resume: [], Unmount: [], Deactivate: [], Create: [],
            Delete: [] })
            yield return $"the second recovery had something to do: {world.Machine.Plan}";
    }

    /// <summary>The pool still works.</summary>
    private static IEnumerable<string> GoOn(World world)
    {
        var key = DeviceKey.Container("next");
        foreach (var operation in new[]
        {
            Operations.Create(key, null, DeviceUse.Mounted), Operations.Remove(key),
        })
        {
            if (world.Do(operation) is { } refusal)
                yield return $"'{operation}' is refused after recovery: {refusal}";
        }
        foreach (var fault in Verdict.Faults(world, world.Expected))
            yield return $"after another recovery and going on: {fault}";
    }

    private static IEnumerable<int[]> Sequences(int length, int letters) => length == 0
        ? [[]]
        : Sequences(length - 1, letters).SelectMany(first =>
            Enumerable.Range(0, letters).Select(last => (int[])[.. first, last]));

    /// <summary>False if an operation can only be refused: that changes nothing, and other tests cover the
    /// decisions.</summary>
    private static bool IsPossible(History history)
    {
        var world = new World(history.Manner);
        var expected = (Expected?)Operations.Scenes().Single(s => s.Name == history.Scene).Before
            .Aggregate(Expected.Nothing, (e, operation) => operation.After(e)!);
        foreach (var letter in history.Letters)
            expected = expected is null ? null : Operations.Alphabet(world).ElementAt(letter).After(expected);
        return expected is not null;
    }

    private static void Must(Refusal? refusal, string what)
    {
        if (refusal is not null)
            throw new InvalidOperationException($"the scene cannot be set: {what}: {refusal}");
    }
}
