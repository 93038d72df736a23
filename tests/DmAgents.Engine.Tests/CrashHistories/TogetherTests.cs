using DmAgents.Domain.Pools;
using DmAgents.Testing.Faults;
using Xunit.Abstractions;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>Two requests under way at the same time, with a crash after every change of kernel or journal.</summary>
public sealed class TogetherTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Crash.AgentDies, true)]
    [InlineData(Crash.PowerCut, false)]
    internal void A_crash_at_any_step_of_two_requests_at_once_loses_nothing_that_was_acknowledged(
        Crash crash, bool rides)
    {
        var ran = Histories.Of(2, new Manner(rides, Discards: false), bothArePossible: true)
            .Sum(history => CrashEverywhere(history, crash));
        output.WriteLine($"{ran} crashes with two requests under way");
        Assert.InRange(ran, 2000, int.MaxValue);
    }

    private static int CrashEverywhere(History history, Crash crash)
    {
        for (var dieAfter = 0; ; dieAfter++)
        {
            var world = Histories.Begin(history);
            var operations = history.Letters.Select(letter => Operations.Alphabet(world).ElementAt(letter)).ToList();
            var died = Dies(world, operations, dieAfter);
            var answered = operations.ToDictionary(o => o, o => world.Machine.AnswerTo(o.Command));
            var point = world.Steps.Points is [.., var last] ? last : "nothing";
            world.Restart(crash);
            Assert.True(world.Machine.Start().Succeeded, $"{history}, {crash} after {point}: recovery failed");
            var possible = Possible(world.Expected, operations, answered).Select(e => e.AfterCrash()).ToList();
            var differences = possible.Select(e => Verdict.Differences(world, e).ToList()).ToList();
            var expected = differences.FindIndex(d => d.Count == 0);
            Histories.Hold(world, expected >= 0 ? [] : differences.MinBy(d => d.Count) ?? [], () =>
                $"{history}, {crash} after {point}, change {dieAfter}; answered: {string.Join(", ", answered.Values)}");
            Histories.Hold(world, [.. Verdict.Faults(world, possible[expected])], () =>
                $"{history}, {crash} after {point}, change {dieAfter}");
            if (!died)
                return dieAfter + 1;
        }
    }

    /// <summary>The permitted results: everything acknowledged, nothing refused, and any of the unanswered operations,
    /// in either order.</summary>
    private static IEnumerable<Expected> Possible(
        Expected before, List<Operation> operations, Dictionary<Operation, PoolReply?> answers)
    {
        IEnumerable<List<Operation>> orders = [operations, [.. Enumerable.Reverse(operations)]];
        return orders.SelectMany(order => order.Aggregate((IEnumerable<Expected>)[before], (all, operation) =>
            all.SelectMany(e => After(e, operation, answers[operation]))));
    }

    private static IEnumerable<Expected> After(Expected before, Operation operation, PoolReply? answer)
    {
        if (answer is not PoolReplies.Success)
            yield return before;
        if (answer is not PoolReplies.Refused && operation.After(before) is { } after)
            yield return after;
    }

    private static bool Dies(World world, List<Operation> operations, int dieAfter)
    {
        world.Steps.Arm(dieAfter);
        try
        {
            world.Machine.DoTogether([.. operations.Select(operation => operation.Command)]);
            return false;
        }
        catch (AgentDiedException)
        {
            return true;
        }
    }
}
