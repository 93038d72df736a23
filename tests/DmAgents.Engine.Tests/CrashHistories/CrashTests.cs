using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Testing.Faults;
using Xunit.Abstractions;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>Every short history, with a crash after every change of kernel or journal.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
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
                if (world.Journal.Count == 0)
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
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void A_crash_at_any_step_of_any_operation_loses_nothing_that_was_acknowledged(bool rides, bool discards)
    {
        var ran = Histories.Of(1, new Manner(rides, discards))
            .Sum(history => Enum.GetValues<Crash>().Sum(crash => CrashEverywhere(history, crash)));
        output.WriteLine($"{ran} crashes in histories of one");
        Assert.InRange(ran, 200, int.MaxValue);
    }

    private static readonly Manner WithStock = new(Rides: true, Discards: false, Stocks: true);

    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 1000)]
    public void A_crash_at_any_step_beside_a_stock_loses_nothing_that_was_acknowledged(int length, int atLeast)
    {
        var ran = Histories.Of(length, WithStock)
            .Sum(history => Enum.GetValues<Crash>().Sum(crash => CrashEverywhere(history, crash)));
        output.WriteLine($"{ran} crashes beside a stock");
        Assert.InRange(ran, atLeast, int.MaxValue);
    }

    [Fact]
    public void A_history_beside_a_stock_takes_from_it_and_the_pool_makes_another()
    {
        var letters = Operations.Alphabet(new World(WithStock)).ToList();
        int[] history =
        [
            letters.FindIndex(o => o.Name == Operations.Create(Operations.D, Operations.A, DeviceUse.Active).Name),
            letters.FindIndex(o => o.Name == Operations.Use(Operations.C, DeviceUse.Idle).Name),
        ];
        var world = Histories.Begin(new History(Operations.Stock, history, WithStock));
        Assert.Null(Histories.Run(world, new History(Operations.Stock, history, WithStock), dieAfter: null));

        Assert.Single(world.Journal, happened => happened is PoolEvents.Claimed);
        Assert.Equal(2, world.Journal.Count(
            happened => happened is PoolEvents.SnapshotIntended { Key.IsStock: true }));
    }

    [Fact]
    public void A_crash_at_any_step_of_any_history_of_two_loses_nothing_that_was_acknowledged()
    {
        var ran = Histories.Of(2, new Manner(Rides: true, Discards: false))
            .Sum(history => Enum.GetValues<Crash>().Sum(crash => CrashEverywhere(history, crash)));
        output.WriteLine($"{ran} crashes in histories of two");
        Assert.InRange(ran, 2000, int.MaxValue);
    }

    private static int CrashEverywhere(History history, Crash crash)
    {
        for (var dieAfter = 0; ; dieAfter++)
        {
            var world = Histories.Begin(history);
            var underWay = Histories.Run(world, history, dieAfter);
            var point = world.Steps.Points is [.., var last] ? last : "nothing";
            world.Restart(crash);
            Histories.Hold(world, underWay, goOn: crash == Crash.AgentDies, () =>
                $"{history}, {crash} after {point}, change {dieAfter} of {underWay}");
            if (underWay is null)
                return dieAfter + 1;
        }
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
