using Akka.Actor;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>The agent stops, or the pool is removed.</summary>
public sealed class EndSpec : ActorSpec
{
    [Fact]
    public async Task A_stop_finishes_what_is_under_way_and_takes_nothing_more()
    {
        var life = await Opened();
        await MakeLayer(life, "a");
        var held = life.Kernel.HoldNext(nameof(IKernel.CreateSnapshot));
        var create = life.Ask(Ask.Create("web", Ask.Layer("a")));
        await held.Reached;

        life.Tell(PoolMessages.Stop.Instance);
        Assert.Equal(RefusalKind.Busy, (await life.Refused(Ask.Create("other", Ask.Layer("a")))).Kind);
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(await create);
        Parent.ExpectMsg<PoolStopped>();
        Assert.Equal(StateText.Of(life.State), StateText.Replayed(Host.Journal));
    }

    [Fact]
    public async Task An_empty_pool_is_removed_and_its_disks_are_free()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await life.Done(Ask.Remove("web"));
        await Agrees(life);

        await life.Done(new PoolCommands.Retire(Ask.NewRequest(), Force: false, Ask.At));

        Parent.ExpectMsg<PoolMessages.Ended>();
        Parent.ExpectMsg<PoolStopped>();
        Assert.Empty(Host.Kernel.ListDevices("").Value);
        var label = new byte[4096];
        Host.Kernel.Read(TestHost.DataDisk, ByteSize.Zero, label);
        Assert.All(label, b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task A_child_that_throws_ends_the_pool_and_the_next_finds_out_what_happened()
    {
        var life = await Opened();
        await MakeLayer(life, "a");
        life.Log.Expect(error => error.Cause is InvalidOperationException);
        life.Kernel.AfterCall = call =>
        {
            if (call.Operation == nameof(IKernel.CreateSnapshot))
                throw new InvalidOperationException("a bug, by the test's order");
        };

        var create = Ask.Create("web", Ask.Layer("a"));
        var reply = life.Ask(create);
        Parent.ExpectMsg<PoolStopped>();
        life.Kernel.AfterCall = null;
        life.StartPool(Parent);

        Assert.True((await life.Done(create)).AlreadySo);
        Assert.False(reply.IsCompleted);
        await Agrees(life);
    }

    /// <summary>The next request, a pool of this name for instance, is not for an actor that stops.</summary>
    [Fact]
    public async Task The_host_hears_of_a_pools_end_before_the_caller_does()
    {
        var life = Live();
        var host = life.System.ActorOf(Props.Create(() => new CallingHost(
            PoolActor.Props(life.SetupOf(TestHost.PoolName, TestHost.PoolUuid)), Parent)));
        host.Tell(Ask.ToInitialize);
        await life.IsOpen();

        host.Tell(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));

        Assert.IsType<PoolMessages.Ended>(
            Parent.FishForMessage(heard => heard is PoolMessages.Ended or PoolReplies.Retired));
        Assert.True(life.Board.Find(TestHost.PoolName)!.Actor.IsNobody());
        Parent.ExpectMsg<PoolReplies.Retired>();
    }

    /// <summary>What is left over says that there is a pool, and no other can be made of its name.</summary>
    [Fact]
    public async Task A_file_that_is_being_written_when_the_pool_is_removed_is_not_left_over()
    {
        var life = await Opened();
        var held = life.Kernel.HoldNext(nameof(IKernel.EnsureDirectory));
        await life.Done(Ask.Create("one"));
        await life.Done(Ask.Create("two"));
        await held.Reached;

        var removal = life.Ask(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        // As long as a removal that does not wait needs to end.
        await Task.WhenAny(removal, Task.Delay(TimeSpan.FromMilliseconds(300)));
        held.Open();

        Assert.IsNotType<PoolReplies.Refused>(await removal);
        Parent.ExpectMsg<PoolMessages.Ended>();
        Parent.ExpectMsg<PoolStopped>();
        Assert.Empty(Host.Files.Paths);
    }

    /// <summary>The pool's parent and its caller at once: it hears both in the order in which they were said.</summary>
    private sealed class CallingHost(Props pool, IActorRef heard) : UntypedActor
    {
        private IActorRef _pool = ActorRefs.Nobody;

        protected override void PreStart() => _pool = Context.ActorOf(pool, "pool");

        protected override void OnReceive(object message)
        {
            if (message is PoolCommand)
                _pool.Tell(message, Self);
            else
                heard.Tell(message);
        }
    }
}
