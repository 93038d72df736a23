using DmAgents.Testing.Faults;
using Xunit.Abstractions;

namespace DmAgents.Domain.Tests.CrashHistories;

/// <summary>Every short history, with a crash after every change of kernel or journal.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private static readonly string[] Scenes = [.. Operations.Scenes().Select(s => s.Name)];
    private static readonly int Letters = Operations.Alphabet(new World(new Manner(true, false))).Count();

    [Fact]
    public void A_crash_at_any_step_of_making_a_pool_leaves_a_pool_or_none()
    {
        var ran = 0;
        foreach (var crash in Enum.GetValues<Crash>())
        {
            for (var dieAfter = 0; ; dieAfter++)
            {
                var world = new World(new Manner(Rides: true, Discards: false));
                world.Steps.Arm(dieAfter);
                var initialize = world.Initialize();
                var died = Dies(() => world.Do(initialize));
                world.Restart(crash);
                if (world.Journal.Durable.Count == 0)
                    Assert.Null(world.Do(initialize));
                Assert.Empty(Histories.Judge(world, underWay: null));
                ran++;
                if (!died)
                    break;
            }
        }
        output.WriteLine($"{ran} crashes while a pool was made");
        Assert.InRange(ran, 20, int.MaxValue);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void After_a_crash_at_any_step_of_any_history_of_two_everything_acknowledged_is_there(bool rides, bool discards)
    {
        var ran = 0;
        foreach (var history in Of(2, new Manner(rides, discards)))
        {
            foreach (var crash in Enum.GetValues<Crash>())
                ran += CrashEverywhere(history, crash);
        }
        output.WriteLine($"{ran} crashes in histories of two");
    }

    private static int CrashEverywhere(History history, Crash crash)
    {
        for (var dieAfter = 0; ; dieAfter++)
        {
            var world = Histories.Begin(history);
            var underWay = Histories.Run(world, history, dieAfter);
            world.Restart(crash);
            var faults = Histories.Judge(world, underWay);
            Assert.True(faults.Count == 0, $"{history}, {crash} after change {dieAfter} of {underWay}:\n"
                + string.Join('\n', faults) + "\nexpected\n" + world.Expected + "calls\n" + string.Join('\n', world.Calls)
                + "\njournal\n" + string.Join('\n', world.Journal.Durable));
            if (underWay is null)
                return dieAfter + 1;
        }
    }

    /// <summary>Every history of so many operations, of which all but the last come to their end.</summary>
    private static IEnumerable<History> Of(int length, Manner manner) =>
        from scene in Scenes
        from letters in Sequences(length)
        let history = new History(scene, letters, manner)
        where IsPossible(history)
        select history;

    private static IEnumerable<int[]> Sequences(int length) => length == 0
        ? [[]]
        : Sequences(length - 1).SelectMany(first => Enumerable.Range(0, Letters).Select(last => (int[])[.. first, last]));

    /// <summary>False where an operation can only be refused: refusing changes nothing, the decisions are tested.</summary>
    private static bool IsPossible(History history)
    {
        var world = new World(history.Manner);
        var expected = (Expected?)Operations.Scenes().Single(s => s.Name == history.Scene).Before
            .Aggregate(Expected.Nothing, (e, operation) => operation.After(e)!);
        foreach (var letter in history.Letters)
            expected = expected is null ? null : Operations.Alphabet(world).ElementAt(letter).After(expected);
        return expected is not null;
    }

    private static bool Dies(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (AgentDiedException)
        {
            return true;
        }
    }
}
