using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class UseDecisionTests
{
    private static readonly PoolState Image = Pool.Imported("image", "a");

    [Fact]
    public void An_idle_view_is_idle_already()
    {
        var state = Image.Do(Create(Container("v"), Layer("a"), DeviceKind.View));

        Assert.IsType<Decision.AlreadySo>(PoolDecider.Decide(state, Health, Use(Container("v"), DeviceUse.Idle)));
    }
}
