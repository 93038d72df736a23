using DmAgents.Testing.Faults;
using Xunit.Abstractions;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>A crash at any step of an operation, and another at any step of the recovery from it.</summary>
public sealed class TwoCrashesTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Crash.AgentDies)]
    [InlineData(Crash.KernelReboots)]
    [InlineData(Crash.PowerCut)]
    internal void A_recovery_that_is_interrupted_at_any_step_is_simply_done_again(Crash first)
    {
        // Discards make recovery longer; outcomes that wait for another write give it less information.
        var manner = new Manner(Rides: true, Discards: first == Crash.AgentDies);
        var ran = Histories.Of(1, manner).Sum(history => CrashEverywhere(history, first));
        output.WriteLine($"{ran} crashes in recoveries");
        Assert.InRange(ran, 200, int.MaxValue);
    }

    private static int CrashEverywhere(History history, Crash first)
    {
        var ran = 0;
        for (var dieAfter = 0; ; dieAfter++)
        {
            for (var dieAgainAfter = 0; ; dieAgainAfter++)
            {
                // Each kind at every third step: all pairs of kinds would take three times as long.
                var second = (Crash)((dieAfter + dieAgainAfter) % 3);
                var world = Histories.Begin(history);
                var underWay = Histories.Run(world, history, dieAfter);
                world.Restart(first);
                var died = DiesInRecovery(world, dieAgainAfter);
                world.Restart(second);
                Histories.Hold(world, underWay, goOn: false, () =>
                    $"{history}, {first} after change {dieAfter} of {underWay}, {second} after change {dieAgainAfter}");
                ran++;
                if (!died && underWay is null)
                    return ran;
                if (!died)
                    break;
            }
        }
    }

    private static bool DiesInRecovery(World world, int dieAfter)
    {
        world.Steps.Arm(dieAfter);
        try
        {
            world.Machine.Start();
            return false;
        }
        catch (AgentDiedException)
        {
            return true;
        }
    }
}
