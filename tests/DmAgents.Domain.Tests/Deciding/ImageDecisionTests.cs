using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class ImageDecisionTests
{
    [Fact]
    public void A_reference_is_given_to_a_layer_only_when_the_pool_has_it()
    {
        var state = Pool.Imported("image", "a").Do(Create(Container("c"), Layer("a")));
        var commit = Assert.IsType<Decision.Accepted>(
            PoolDecider.Decide(state, Health, CommitLive(Container("c"), Layer("b"))));
        var making = state.After(commit.Events);

        Assert.Equal(RefusalKind.Busy, RefusedBy(making, Tag("other", Layer("b"))).Kind);
        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(
            making.Apply(new PoolEvents.Created(commit.Subject!.Value, At)), Health, Tag("other", Layer("b"))));
    }

    [Fact]
    public void A_reference_is_not_given_to_a_layer_that_is_lost()
    {
        var state = Pool.Imported("image", "a");
        var lost = state.Apply(new PoolEvents.Lost(state.Find(Layer("a"))!.Id, At));

        Assert.Equal(RefusalKind.WrongState, RefusedBy(lost, Tag("other", Layer("a"))).Kind);
    }
}
