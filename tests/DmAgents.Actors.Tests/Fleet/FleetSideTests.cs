using DmAgents.Actors.Fleet;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Tests.Fleet;

public sealed class FleetSideTests
{
    private static readonly DateTimeOffset _now = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    /// <summary>Each letter is a host, by its address: reached, unreachable, joining, down, leaving.</summary>
    [Theory]
    [InlineData("", FleetStanding.Whole, 0, 0)]
    [InlineData("r", FleetStanding.Whole, 1, 1)]
    [InlineData("rrr", FleetStanding.Whole, 3, 3)]
    [InlineData("rru", FleetStanding.Majority, 2, 3)]
    [InlineData("ruu", FleetStanding.Minority, 1, 3)]
    [InlineData("ru", FleetStanding.HalfThatStays, 1, 2)]
    [InlineData("ur", FleetStanding.HalfThatIsDowned, 1, 2)]
    [InlineData("ruur", FleetStanding.HalfThatStays, 2, 4)]
    [InlineData("urru", FleetStanding.HalfThatIsDowned, 2, 4)]
    [InlineData("rjuj", FleetStanding.HalfThatStays, 1, 2)]
    [InlineData("dur", FleetStanding.HalfThatIsDowned, 1, 2)]
    [InlineData("lru", FleetStanding.Majority, 2, 3)]
    public void A_side_is_judged_as_the_resolver_judges_it(
        string hosts, FleetStanding standing, int reached, int counted)
    {
        var side = FleetSide.Of(hosts.Select(Member).Reverse());

        Assert.Equal((standing, reached, counted), (side.Standing, side.Reached, side.Counted));
        Assert.Equal(standing is FleetStanding.Minority or FleetStanding.HalfThatIsDowned, side.IsCutOff);
    }

    [Fact]
    public void The_even_split_is_said_with_the_host_that_decides_it()
    {
        var side = FleetSide.Of("ur".Select(Member));

        Assert.Contains("the one with host0 (10.0.0.0:2552)", side.EvenSplit, StringComparison.Ordinal);
        Assert.Equal("1 of 2 hosts are reached, a half without the lowest address", side.Words);
    }

    [Fact]
    public void Addresses_are_compared_as_text_and_then_by_port()
    {
        FleetAddress[] addresses = [new("10.0.0.9", 1), new("10.0.0.10", 2), new("10.0.0.10", 1), new("web", 0)];

        Assert.Equal(
            [new("10.0.0.10", 1), new("10.0.0.10", 2), new("10.0.0.9", 1), new("web", 0)], addresses.Order());
    }

    [Fact]
    public void A_view_keeps_since_when_a_host_is_so_until_another_life_of_it_comes()
    {
        var first = Member('r', 0) with { State = FleetMemberState.Joining };
        var view = FleetView.Of(first.Address).With(first);
        Assert.False(view.IsUp);

        view = view.With(first with { State = FleetMemberState.Up, Since = _now.AddSeconds(1) })
            .With(first with { State = FleetMemberState.Up, Since = _now.AddSeconds(2) })
            .Reach(first.Address, first.Uid, _now.AddSeconds(3)).Reach(first.Address, first.Uid, _now.AddSeconds(4))
            .With(first with { State = FleetMemberState.Leaving, Since = _now.AddSeconds(5) });

        Assert.True(view.IsUp);
        var seen = view.Members[first.Address];
        Assert.Equal((_now.AddSeconds(5), _now.AddSeconds(3)), (seen.Since, seen.UnreachableSince));
        Assert.Equal([seen], view.Unreachable);
        var next = view.With(first with { Uid = 2, Since = _now.AddSeconds(6) });
        Assert.Null(next.Members[first.Address].UnreachableSince);
        Assert.Same(next, next.Without(first.Address, first.Uid));
        Assert.Same(next, next.Reach(first.Address, first.Uid, _now));
        Assert.Empty(next.Without(first.Address, uid: 2).Members);
    }

    [Fact]
    public void No_change_of_the_fleet_is_taken_from_a_host_that_is_not_on_the_side_that_stays()
    {
        var cut = new FleetStatus(FleetPhase.CutOff, _now, "1 of 3 hosts are reached") { AwaySince = _now };

        var refusal = cut.RefuseChange("cannot copy the image", "debian:12")!;

        Assert.Equal("cut off since 2026-03-04 05:06:07Z: 1 of 3 hosts are reached", refusal.Why);
        Assert.NotEmpty(refusal.Next);
        Assert.Null(new FleetStatus(FleetPhase.Member, _now, "").RefuseChange("", ""));
        Assert.All(
            Enum.GetValues<FleetPhase>().Where(phase => phase != FleetPhase.Member),
            phase => Assert.NotEmpty(new FleetStatus(phase, _now, "").RefuseChange("what", "subject")!.Why));
    }

    private static FleetMember Member(char letter, int index) => new(
        new HostName($"host{index}"), new FleetAddress($"10.0.0.{index}", 2552), 1, "0.1.0",
        letter switch
        {
            'j' => FleetMemberState.Joining,
            'd' => FleetMemberState.Down,
            'l' => FleetMemberState.Leaving,
            _ => FleetMemberState.Up,
        },
        _now, letter == 'u' ? _now : null);
}
