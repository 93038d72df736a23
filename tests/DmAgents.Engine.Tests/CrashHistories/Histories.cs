using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Testing.Faults;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>A history: where it begins, what is asked, and how its owner works.</summary>
internal sealed record History(string Scene, int[] Letters, Manner Manner)
{
    public override string ToString() => $"{Scene}, then {string.Join(", ", Letters)} ({Manner})";
}

/// <summary>Runs histories up to a crash, and judges what recovery makes of them.</summary>
internal static class Histories
{
    /// <summary>Every history of so many operations, of which each can be done after the one before.</summary>
    /// <param name="bothArePossible">Instead each can be done in the scene, too: they are asked at once.</param>
    public static IEnumerable<History> Of(int length, Manner manner, bool bothArePossible = false) =>
        from scene in Operations.Scenes()
        where manner.Stocks == (scene.Name == Operations.Stock)
        from letters in Sequences(length, Operations.Alphabet(new World(manner)).Count())
        let history = new History(scene.Name, letters, manner)
        where bothArePossible
            ? letters.All(letter => IsPossible(history with { Letters = [letter] }))
            : IsPossible(history)
        select history;

    /// <summary>A world in the history's scene, and the operations that follow.</summary>
    public static World Begin(History history)
    {
        var world = new World(history.Manner);
        Must(world.Do(world.Initialize()), "initialize");
        foreach (var operation in Operations.Scenes().Single(s => s.Name == history.Scene).Before)
            Must(world.Do(operation), operation.Name);
        world.Steps.Arm();
        return world;
    }

    /// <summary>Does the operations. The last one may be cut short by the agent's death.</summary>
    /// <returns>The operation that was under way when the agent died; null where all came to their end.</returns>
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

    /// <summary>Fails the test, with all that helps to see why, where the judgement finds a fault.</summary>
    public static void Hold(World world, Operation? underWay, bool goOn, Func<string> what) =>
        Hold(world, Judge(world, underWay, goOn), what);

    public static void Hold(World world, IReadOnlyCollection<string> faults, Func<string> what) => Assert.True(
        faults.Count == 0,
        $"{what()}:\n{string.Join('\n', faults)}\nexpected\n{world.Expected}calls\n{string.Join('\n', world.Calls)}\n"
        + $"journal\n{string.Join('\n', world.Journal)}");

    /// <summary>Recovers to the end and judges.</summary>
    /// <param name="underWay">May have been done, or not at all.</param>
    /// <param name="goOn">Judge also another recovery and the next operations.</param>
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

    /// <summary>The pool works.</summary>
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

    /// <summary>False where an operation can only be refused: that changes nothing, and the decisions are
    /// tested.</summary>
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
