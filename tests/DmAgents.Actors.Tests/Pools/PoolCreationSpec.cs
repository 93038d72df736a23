using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Pools;

public sealed class PoolCreationSpec : ActorSpec
{
    [Fact]
    public async Task A_pool_that_was_created_is_open_and_marked()
    {
        var life = LiveWithPool();

        var reply = await life.Done(Ask.ToInitialize);

        Assert.False(reply.AlreadySo);
        Assert.Equal(PoolPhase.Open, life.Picture.Phase);
        Assert.True(life.State.WasOpened);
        Assert.Equal(new TransactionId(1), Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId);
        Assert.Equal(new Checkpoint(new TransactionId(1), Intended: null), life.State.Checkpoint);
        await Agrees(life);
    }

    [Fact]
    public async Task A_container_of_the_base_comes_into_being_with_it()
    {
        var life = await Opened();

        var reply = await life.Done(Ask.Create("web"));

        Assert.Equal(Ask.Container("web"), reply.Device!.Key);
        Assert.Equal(2, life.State.Devices.Count);
        await Agrees(life);
    }
}
