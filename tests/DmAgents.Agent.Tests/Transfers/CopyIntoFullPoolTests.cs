using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>A pool that comes to its mark.</summary>
public sealed class CopyIntoFullPoolTests : TwoAgents
{
    /// <summary>About a MiB of the pool may be used.</summary>
    internal override string TargetSettings => "pool.min-free-data-percent = 99.9";

    [Fact]
    public async Task Nothing_more_is_received_below_the_mark()
    {
        await MakeImage(1);
        var offer = await Source.Get<ImageOffers>().MakeAsync(App.Value, _ => { }, CancellationToken.None);
        using var store = StoreOf(NewRequest(), offer.Layers[0]);
        await AddLayer(Target, null, 3, ByteSize.MiB(8), ChainOf(3));
        await Eventually(
            () => Target.Picture.Health is { Condition: PoolCondition.LowData }, "the pool is known to be at its mark");

        var kept = await Task.Run(() => store.KeepProgress(CopyDoubtTests.PlanOf(offer.Layers[0], null)));

        Assert.True(kept.FailedWith(KernelFault.NoSpace));
        Assert.Equal(KernelFault.NoSpace, store.Fault);
    }
}
