using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Locations;

public sealed class BucketAnnouncerTests
{
    private readonly BucketAnnouncer _announcer = new(new Incarnation(1));

    /// <summary>Each row is what two pools of one host have of a layer; the first of them is announced.</summary>
    public static TheoryData<string> Pairs => ["verified, unverified", "unverified, without a digest"];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_layer_in_two_pools_is_announced_once_the_verified_one_before_another(string pair)
    {
        var names = pair.Split(", ");
        var (better, other) = (HoldingThatIs(names[0]), HoldingThatIs(names[1]));
        var both = _announcer.Offer([other, better, Holding(2)]).UnderWay!;
        Assert.Equal(2, both.Present.Length);
        Assert.Contains(better, both.Present);
        Assert.Contains(Holding(2), both.Present);
        Assert.Equal([better], _announcer.Offer([better, other]).UnderWay!.Present.AsEnumerable());
    }

    [Fact]
    public void Two_contents_of_a_layer_are_announced_alike_in_any_order_of_the_pools()
    {
        var (one, two) = (Holding(1, content: 1), Holding(1, content: 2));
        var sending = _announcer.Offer([one, two]);
        var confirmed = sending.Answered(new LocationReplies.Heard(sending.UnderWay!.Stamp));
        Assert.Null(confirmed.Offer([two, one]).UnderWay);
    }

    [Fact]
    public void A_change_during_an_announcement_is_announced_after_its_answer()
    {
        var sending = _announcer.Offer([Holding(1)]).Offer([Holding(1), Holding(2)]);
        Assert.Equal([Holding(1)], sending.UnderWay!.Present.AsEnumerable());

        var next = sending.Answered(new LocationReplies.Heard(sending.UnderWay!.Stamp));

        Assert.Equal([Holding(2)], next.UnderWay!.Present.AsEnumerable());
        Assert.Null(next.Answered(new LocationReplies.Heard(next.UnderWay!.Stamp)).UnderWay);
    }

    [Fact]
    public void A_bucket_that_needs_everything_gets_it_without_another_change()
    {
        var sending = _announcer.Offer([Holding(1)]);
        var confirmed = sending.Answered(new LocationReplies.Heard(sending.UnderWay!.Stamp));
        var change = confirmed.Offer([Holding(1), Holding(2)]);

        var next = change.Answered(new LocationReplies.NeedsWhole(change.UnderWay!.Stamp)).UnderWay;

        Assert.True(next is { Whole: true, Present.Length: 2 });
        Assert.Contains(Holding(1), next.Present);
        Assert.Contains(Holding(2), next.Present);
    }

    private static LayerHolding HoldingThatIs(string name) => name switch
    {
        "verified" => Holding(1, content: 1),
        "unverified" => Holding(1, content: 2, verified: false),
        "without a digest" => new LayerHolding(Layer(1), Digest: null, Verified: false),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no holding is called so"),
    };
}
