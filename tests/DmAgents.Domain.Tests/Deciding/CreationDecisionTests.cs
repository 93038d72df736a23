using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class CreationDecisionTests
{
    private static readonly PoolState Image = Pool.Imported("image", "a").Do(Create(Container("c"), Layer("a")));

    [Fact]
    public void A_layer_that_is_being_made_has_no_children_yet()
    {
        var making = Decided(CommitLive(Container("c"), Layer("b")));

        Assert.Equal(RefusalKind.Busy, RefusedBy(making, Create(Container("d"), Layer("b"))).Kind);
    }

    [Fact]
    public void A_container_stays_while_a_layer_is_made_of_it()
    {
        var making = Decided(CommitLive(Container("c"), Layer("b")));

        Assert.Equal(RefusalKind.Busy, RefusedBy(making, Remove(Container("c"), force: true)).Kind);
    }

    private static PoolState Decided(PoolCommand command) =>
        Image.After(Assert.IsType<Decision.Accepted>(PoolDecider.Decide(Image, Health, command)).Events);
}
