using DmAgents.Domain.Fleet.Inventory;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Inventory;

public sealed class HostHearingTests
{
    private static readonly HostHearing Known = new(Stamped(5, incarnation: 2), Gone: false);

    [Theory]
    [InlineData(2, 6, false, Hearing.Next)]
    [InlineData(2, 6, true, Hearing.Next)]
    [InlineData(2, 7, false, Hearing.Gap)]
    [InlineData(2, 7, true, Hearing.Next)]
    [InlineData(2, 5, true, Hearing.Known)]
    [InlineData(2, 4, false, Hearing.Known)]
    [InlineData(1, 99, true, Hearing.Ended)]
    [InlineData(3, 1, true, Hearing.Next)]
    [InlineData(3, 1, false, Hearing.Gap)]
    public void An_announcement_is_judged_by_its_stamp(
        ulong incarnation, ulong sequence, bool whole, Hearing expected) =>
        Assert.Equal(expected, HostHearing.Judge(Known, Stamped(sequence, incarnation), whole));

    [Theory]
    [InlineData(2, Hearing.Ended)]
    [InlineData(3, Hearing.Next)]
    public void A_host_that_is_gone_is_heard_again_only_in_another_incarnation(ulong incarnation, Hearing expected) =>
        Assert.Equal(
            expected, HostHearing.Judge(Known with { Gone = true }, Stamped(9, incarnation), whole: true));

    [Fact]
    public void An_unknown_host_has_to_announce_everything()
    {
        Assert.Equal(Hearing.Gap, HostHearing.Judge(null, Stamped(1), whole: false));
        Assert.Equal(Hearing.Next, HostHearing.Judge(null, Stamped(1), whole: true));
    }

    [Fact]
    public void The_end_of_an_incarnation_does_not_concern_a_later_one()
    {
        Assert.Null(HostHearing.AfterGone(Known, new Incarnation(1)));
        Assert.Null(HostHearing.AfterGone(Known with { Gone = true }, new Incarnation(2)));
        Assert.Equal(Known with { Gone = true }, HostHearing.AfterGone(Known, new Incarnation(2)));
        Assert.Equal(
            new HostHearing(Stamped(0, incarnation: 3), Gone: true), HostHearing.AfterGone(Known, new Incarnation(3)));
    }
}
