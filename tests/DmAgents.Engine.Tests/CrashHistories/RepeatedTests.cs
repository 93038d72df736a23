using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using Xunit.Abstractions;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>A caller without a reply repeats its request with the same id.</summary>
public sealed class RepeatedTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Crash.AgentDies)]
    [InlineData(Crash.PowerCut)]
    internal void A_request_that_is_repeated_after_a_crash_at_any_step_is_done_once(Crash crash)
    {
        var ran = Histories.Of(1, new Manner(Rides: true, Discards: false))
            .Sum(history => RepeatEverywhere(history, crash));
        output.WriteLine($"{ran} requests repeated");
        Assert.InRange(ran, 100, int.MaxValue);
    }

    private static int RepeatEverywhere(History history, Crash crash)
    {
        for (var dieAfter = 0; ; dieAfter++)
        {
            var world = Histories.Begin(history);
            var before = world.Expected;
            // A crash ends imports and receptions: their callers start again.
            if (Operations.Alphabet(world).ElementAt(history.Letters[0]).After(before)!.Devices.Keys.Any(IsUnfinished)
                || before.Devices.Keys.Any(IsUnfinished))
                return 0;
            if (Histories.Run(world, history, dieAfter) is not { } underWay)
                return dieAfter;
            world.Restart(crash);
            Assert.True(world.Machine.Start().Succeeded);

            var refusal = world.Machine.Do(underWay.Command);

            Assert.True(refusal is null, $"{history}, {crash} after change {dieAfter} of {underWay}: {refusal}");
            Histories.Hold(world, [.. Verdict.Faults(world, underWay.After(before)!.AfterCrash())], () =>
                $"{history}, {crash} after change {dieAfter} of {underWay}, asked again");
        }
    }

    private static bool IsUnfinished(string text) => DeviceKey.TryParse(text, out var key) && key.IsUnfinished;
}
