using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class UseDecisionTests
{
    private static readonly PoolState Image = Pool.Imported("image", "a");

    [Fact]
    public void An_idle_container_is_idle_already()
    {
        var state = Image.Do(Create(Container("c"), Layer("a")));

        Assert.IsType<Decision.AlreadySo>(PoolDecider.Decide(state, Health, Use(Container("c"), DeviceUse.Idle)));
    }

    [Fact]
    public void A_growing_container_is_not_made_read_only()
    {
        var state = Image.Do(Create(Container("c"), Layer("a"))).Do(Resize(Container("c"), ByteSize.GiB(2)));

        Assert.Equal(RefusalKind.Busy, RefusedBy(state, Use(Container("c"), DeviceUse.Mounted, readOnly: true)).Kind);
        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(state, Health, Use(Container("c"), DeviceUse.Mounted)));
    }
}
