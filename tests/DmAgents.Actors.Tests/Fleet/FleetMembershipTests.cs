using DmAgents.Actors.Fleet;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Tests.Fleet;

public sealed class FleetMembershipTests
{
    private static readonly DateTimeOffset _start = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    private static readonly FleetBackOff _backOff =
        new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60), new HostName("web1"));

    private readonly FleetMembership _membership = new();
    private DateTimeOffset _now = _start;

    [Fact]
    public void Outside_there_is_nothing_to_do()
    {
        Assert.Equal(FleetPhase.Outside, _membership.Phase);
        Assert.Empty(Step(new FleetInput.Due()));
        Assert.Empty(Step(new FleetInput.Leave()));
        Assert.Empty(Step(new FleetInput.Ended(System(0), "")));
        Assert.Equal(FleetPhase.Outside, _membership.Phase);
    }

    [Fact]
    public void A_host_that_enters_joins_and_is_a_member()
    {
        Assert.Equal([new FleetOutput.Create(System(1), Entry(1), FleetStart.First)], Enter(1));
        Assert.Equal(FleetPhase.Joining, _membership.Phase);
        _now += TimeSpan.FromSeconds(3);

        Assert.Empty(Step(new FleetInput.Joined(System(1))));

        Assert.Equal((FleetPhase.Member, _now, null), (_membership.Phase, _membership.Since, _membership.AwaySince));
    }

    [Fact]
    public void A_host_in_the_minority_is_cut_off_since_then_and_member_again_if_that_ends()
    {
        BeMember();
        var cut = _now += TimeSpan.FromMinutes(9);
        Step(new FleetInput.CutOff(System(1), "1 of 3"));
        _now += TimeSpan.FromSeconds(2);
        Assert.Empty(Step(new FleetInput.CutOff(System(1), "1 of 4")));
        Assert.Equal(
            (FleetPhase.CutOff, cut, cut, "1 of 4"),
            (_membership.Phase, _membership.Since, _membership.AwaySince!.Value, _membership.Why));

        Assert.Empty(Step(new FleetInput.Reconnected(System(1))));

        Assert.Equal((FleetPhase.Member, null), (_membership.Phase, _membership.AwaySince));
    }

    [Fact]
    public void A_downed_host_comes_back_with_a_new_system_after_the_old_one_has_ended()
    {
        BeMember();
        var cut = _now += TimeSpan.FromMinutes(9);
        Step(new FleetInput.CutOff(System(1), "1 of 3"));
        _now += TimeSpan.FromSeconds(15);
        Assert.Empty(Step(new FleetInput.Downed(System(1), "1 of 3")));
        Assert.Equal(FleetPhase.Downed, _membership.Phase);
        _now += TimeSpan.FromSeconds(3);

        var wake = Assert.IsType<FleetOutput.Wake>(Assert.Single(Step(new FleetInput.Ended(System(1), "removed"))));

        Assert.InRange(wake.At - _now, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6.25));
        Assert.Equal((FleetPhase.Rejoining, wake.At), (_membership.Phase, _membership.NextTry));
        _now = wake.At;
        Assert.Equal(
            [new FleetOutput.Create(System(2), Entry(1), FleetStart.Again)], Step(new FleetInput.Due()));
        Assert.Equal((FleetPhase.Joining, cut), (_membership.Phase, _membership.AwaySince));
        Step(new FleetInput.Joined(System(2)));
        Assert.Equal((FleetPhase.Member, null), (_membership.Phase, _membership.AwaySince));
    }

    [Fact]
    public void What_an_older_system_says_is_ignored()
    {
        BeMember();
        Step(new FleetInput.Downed(System(1), ""));
        Step(new FleetInput.Ended(System(1), ""));
        Step(new FleetInput.Due());

        Assert.Empty(Step(new FleetInput.Joined(System(1))));
        Assert.Empty(Step(new FleetInput.CutOff(System(1), "")));
        Assert.Empty(Step(new FleetInput.Downed(System(1), "")));
        Assert.Empty(Step(new FleetInput.Quarantined(System(1), "")));
        Assert.Empty(Step(new FleetInput.Ended(System(1), "")));

        Assert.Equal(FleetPhase.Joining, _membership.Phase);
    }

    [Fact]
    public void Each_failure_in_succession_doubles_the_wait_up_to_the_longest()
    {
        Enter(1);
        var waits = new List<TimeSpan>();
        for (var number = 1; number <= 6; number++)
        {
            var wake = (FleetOutput.Wake)Step(new FleetInput.Ended(System(number), "no port")).Single();
            waits.Add(wake.At - _now);
            _now = wake.At;
            Step(new FleetInput.Due());
        }

        var ratios = waits.Select(wait => wait / waits[0]).Select(ratio => Math.Round(ratio, 6)).ToArray();
        Assert.Equal([1, 2, 4, 8, 12, 12], ratios);
        Assert.Null(_membership.AwaySince);
    }

    [Fact]
    public void A_host_that_was_a_member_for_long_waits_no_longer_than_the_first_time()
    {
        Enter(1);
        for (var number = 1; number <= 4; number++)
        {
            Step(new FleetInput.Ended(System(number), "no port"));
            Step(new FleetInput.Due());
        }
        Step(new FleetInput.Joined(System(5)));
        _now += TimeSpan.FromSeconds(59);
        Step(new FleetInput.Ended(System(5), ""));
        Assert.Equal(5, _membership.Failures);
        Step(new FleetInput.Due());
        Step(new FleetInput.Joined(System(6)));
        _now += TimeSpan.FromSeconds(60);

        Step(new FleetInput.Ended(System(6), ""));

        Assert.Equal((1, _now), (_membership.Failures, _membership.AwaySince));
    }

    [Fact]
    public void A_quarantined_system_is_ended_for_another()
    {
        BeMember();

        Assert.Equal([new FleetOutput.End(System(1))], Step(new FleetInput.Quarantined(System(1), "web2")));

        Assert.Equal((FleetPhase.Downed, "web2"), (_membership.Phase, _membership.Why));
        Assert.IsType<FleetOutput.Wake>(Assert.Single(Step(new FleetInput.Ended(System(1), ""))));
    }

    [Fact]
    public void Another_certificate_is_another_system_at_once_and_only_after_the_old_one_has_ended()
    {
        BeMember();

        Assert.Equal([new FleetOutput.End(System(1))], Enter(2));
        Assert.Equal(FleetPhase.Leaving, _membership.Phase);
        Assert.Empty(Enter(3));

        Assert.Equal(
            [new FleetOutput.Create(System(2), Entry(3), FleetStart.First)],
            Step(new FleetInput.Ended(System(1), "left")));
    }

    [Fact]
    public void Another_certificate_while_the_host_waits_is_used_by_the_next_attempt()
    {
        BeMember();
        Step(new FleetInput.Downed(System(1), ""));
        Step(new FleetInput.Ended(System(1), ""));

        Assert.Empty(Enter(2));

        Assert.Equal([new FleetOutput.Create(System(2), Entry(2), FleetStart.Again)], Step(new FleetInput.Due()));
    }

    [Theory]
    [InlineData(FleetPhase.CutOff)]
    [InlineData(FleetPhase.Rejoining)]
    public void Another_certificate_while_the_fleet_goes_on_without_the_host_makes_no_fleet_of_its_own(FleetPhase from)
    {
        Be(from);
        var system = 1;
        if (from == FleetPhase.Rejoining)
        {
            Step(new FleetInput.Due());
            system = 2;
        }

        Assert.Equal([new FleetOutput.End(System(system))], Enter(2));

        Assert.NotNull(_membership.AwaySince);
        Assert.Equal(
            [new FleetOutput.Create(System(system + 1), Entry(2), FleetStart.Again)],
            Step(new FleetInput.Ended(System(system), "left")));
    }

    [Fact]
    public void A_host_that_was_no_member_yet_may_make_the_fleet_when_it_tries_again()
    {
        Enter(1);
        Step(new FleetInput.Ended(System(1), "no port"));

        Assert.Equal([new FleetOutput.Create(System(2), Entry(1), FleetStart.First)], Step(new FleetInput.Due()));
    }

    [Fact]
    public void A_host_that_leaves_while_it_is_cut_off_and_enters_again_begins_anew()
    {
        Be(FleetPhase.CutOff);
        Step(new FleetInput.Leave());
        Assert.Empty(Enter(2));

        Assert.Equal(
            [new FleetOutput.Create(System(2), Entry(2), FleetStart.First)],
            Step(new FleetInput.Ended(System(1), "left")));

        Assert.Null(_membership.AwaySince);
    }

    [Theory]
    [InlineData(FleetPhase.Joining, true)]
    [InlineData(FleetPhase.Member, true)]
    [InlineData(FleetPhase.CutOff, true)]
    [InlineData(FleetPhase.Downed, false)]
    [InlineData(FleetPhase.Rejoining, false)]
    public void A_host_that_leaves_is_outside_when_its_system_has_ended(FleetPhase from, bool isToEnd)
    {
        Be(from);

        var outputs = Step(new FleetInput.Leave());

        FleetOutput[] expected = isToEnd ? [new FleetOutput.End(System(1))] : [];
        Assert.Equal(expected, outputs);
        if (from != FleetPhase.Rejoining)
        {
            Assert.Equal(FleetPhase.Leaving, _membership.Phase);
            Assert.Empty(Step(new FleetInput.Downed(System(1), "")));
            Assert.Empty(Step(new FleetInput.Ended(System(1), "left")));
        }
        Assert.Equal((FleetPhase.Outside, null, 0), (_membership.Phase, _membership.AwaySince, _membership.Failures));
        Assert.Empty(Step(new FleetInput.Due()));
        Assert.Equal([new FleetOutput.Create(System(2), Entry(9), FleetStart.First)], Enter(9));
    }

    /// <summary>Random histories: a system is made only if none is there, and each one that is made is ended or
    /// waited for.</summary>
    [Fact]
    public void There_is_never_more_than_one_system()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var membership = new FleetMembership();
            var living = new HashSet<FleetSystemNumber>();
            var (entries, last, now, woken) = (0L, 0L, _start, false);
            for (var step = 0; step < 60; step++)
            {
                now += TimeSpan.FromSeconds(random.Next(0, 40));
                var number = System(Math.Max(0, last - random.Next(0, 2)));
                FleetInput input = random.Next(9) switch
                {
                    0 => new FleetInput.Enter(Entry(++entries)),
                    1 when random.Next(3) == 0 => new FleetInput.Leave(),
                    2 => new FleetInput.CutOff(number, ""),
                    3 => new FleetInput.Reconnected(number),
                    4 => new FleetInput.Downed(number, ""),
                    5 => new FleetInput.Quarantined(number, ""),
                    6 when living.Count > 0 => new FleetInput.Ended(living.Single(), ""),
                    7 when woken => new FleetInput.Due(),
                    _ => new FleetInput.Joined(number),
                };
                if (input is FleetInput.Ended ended)
                    living.Remove(ended.System);
                foreach (var output in membership.Step(input, now, _backOff))
                {
                    switch (output)
                    {
                        case FleetOutput.Create create:
                            Assert.Empty(living);
                            living.Add(create.System);
                            last = create.System.Value;
                            break;
                        case FleetOutput.End end:
                            Assert.Contains(end.System, living);
                            break;
                        case FleetOutput.Wake:
                            woken = true;
                            break;
                    }
                }
                Assert.Equal(
                    membership.Phase is FleetPhase.Outside or FleetPhase.Rejoining, living.Count == 0);
            }
        }
    }

    private static FleetSystemNumber System(long number) => new(number);

    private static FleetEntryNumber Entry(long number) => new(number);

    private FleetOutput[] Step(FleetInput input) => [.. _membership.Step(input, _now)];

    private FleetOutput[] Enter(long entry) => [.. _membership.Step(new FleetInput.Enter(Entry(entry)), _now, _backOff)];

    private void BeMember() => Be(FleetPhase.Member);

    private void Be(FleetPhase phase)
    {
        Enter(1);
        if (phase != FleetPhase.Joining)
            Step(new FleetInput.Joined(System(1)));
        if (phase == FleetPhase.CutOff)
            Step(new FleetInput.CutOff(System(1), ""));
        if (phase is FleetPhase.Downed or FleetPhase.Rejoining)
            Step(new FleetInput.Downed(System(1), ""));
        if (phase == FleetPhase.Rejoining)
            Step(new FleetInput.Ended(System(1), ""));
        Assert.Equal(phase, _membership.Phase);
    }
}
