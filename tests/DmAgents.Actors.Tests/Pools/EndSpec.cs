using Akka.Actor;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Mending;
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
    public async Task Devices_and_mounts_stay_when_the_agent_stops_and_its_checkpoint_is_in_the_pool()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));

        life.Tell(PoolMessages.Stop.Instance);
        Parent.ExpectMsg<PoolStopped>();

        Assert.True(Host.IsMounted(Ask.Container("web")));
        Assert.Equal(new TransactionId(2), Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId);
        Assert.Equal(new Checkpoint(new TransactionId(2), Intended: null), life.State.Checkpoint);
        await life.Die();
        await Agrees(await Reopened());
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_ever()
    {
        var life = await Opened(Settings with { StopDeadline = TimeSpan.FromMilliseconds(50) });
        await MakeLayer(life, "a");
        var held = life.Kernel.HoldNext(nameof(IKernel.CreateSnapshot));
        var create = life.Ask(Ask.Create("web", Ask.Layer("a")));
        await held.Reached;

        life.Tell(PoolMessages.Stop.Instance);
        await Eventually.Holds(
            () => life.Log.Warnings.Any(w => w.Contains("still under way at the stop", StringComparison.Ordinal)),
            () => "the stop still waits");
        // The call itself cannot be taken back: the thread has to come home from the kernel.
        held.Open();
        Parent.ExpectMsg<PoolStopped>();

        Assert.False(create.IsCompleted);
        await life.Die();
        await Agrees(await Reopened());
    }

    [Fact]
    public async Task A_stop_during_a_checkpoint_waits_for_it()
    {
        // Three events by the opening, four by the first container and its base: the second one's is the eighth.
        var life = await Opened(Settings with { SnapshotEvery = 8 });
        var held = life.Kernel.HoldNext(nameof(IKernel.SetTransactionId));
        await life.Done(Ask.Create("one"));
        await life.Done(Ask.Create("two"));
        await held.Reached;

        life.Tell(PoolMessages.Stop.Instance);
        held.Open();
        Parent.ExpectMsg<PoolStopped>();

        // One more where the stop came after the checkpoint's end; in no case one that is under way.
        var inPool = Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId;
        Assert.Equal(new Checkpoint(inPool, Intended: null), life.State.Checkpoint);
        Assert.InRange(inPool.Value, 2ul, 3ul);
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
    public async Task A_pool_that_holds_something_is_removed_only_by_force()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));

        var refusal = await life.Refused(new PoolCommands.Retire(Ask.NewRequest(), Force: false, Ask.At));
        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        await Agrees(life);

        await life.Done(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        Assert.Empty(Host.Kernel.ListDevices("").Value);
        Assert.Empty(Host.Kernel.Mounts().Value);
    }

    [Fact]
    public async Task A_pool_of_another_agent_is_neither_removed_nor_mended_nor_touched()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await life.Die();
        var before = Host.Kernel.ListDevices("").Value;
        using var other = Host.Kernel.Claim(TestHost.PoolUuid).Value;
        var second = LiveWithPool();
        await second.Shows(PoolPhase.Unavailable);

        var removed = await second.Refused(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        var mended = await second.Refused(new PoolCommands.MendMetadata(
            Ask.NewRequest(), new MetadataSource.Present(), Next: null, Ask.At));

        Assert.Contains("another agent", removed.Why, StringComparison.Ordinal);
        Assert.Contains("another agent", mended.Why, StringComparison.Ordinal);
        Assert.Equal(before, Host.Kernel.ListDevices("").Value);
    }

    [Fact]
    public async Task A_pool_in_use_is_not_removed_and_stays_as_it_is()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        using var user = Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web")));

        var refusal = await life.Refused(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));

        Assert.Equal(RefusalKind.Busy, refusal.Kind);

        await life.IsOpen();
        await Agrees(life);
    }

    [Fact]
    public async Task A_pool_of_loop_files_is_made_and_removed_with_them()
    {
        var life = LiveWithPool();
        await life.Done(Ask.ToInitialize with
        {
            Backing = new PoolBacking.LoopFiles(
                new LoopFilePart(TestHost.Paths.DataFile, ByteSize.GiB(1)),
                new LoopFilePart(TestHost.Paths.MetadataFile, ByteSize.MiB(16))),
        });
        await life.Done(Ask.Create("web"));
        await Agrees(life);

        await life.Done(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));

        Assert.True(Host.Kernel.InspectFile(TestHost.Paths.DataFile).FailedWith(KernelFault.NotFound));
        Assert.True(Host.Kernel.InspectFile(TestHost.Paths.MetadataFile).FailedWith(KernelFault.NotFound));
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

    [Fact]
    public async Task A_command_during_a_removal_hears_that_the_pool_is_being_removed()
    {
        var life = await Opened();
        var held = life.Kernel.HoldNext(nameof(IKernel.ClosePool));
        var removal = life.Ask(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        await held.Reached;

        var refusal = await life.Refused(Ask.Create("web"));

        Assert.Equal("it is being removed", refusal.Why);
        held.Open();
        Assert.IsNotType<PoolReplies.Refused>(await removal);
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

    /// <summary>It would make live again what the removal takes down, or find it half taken down.</summary>
    [Fact]
    public async Task A_removal_waits_for_what_is_settled_in_the_background()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.FailNext(nameof(IKernel.Unmount), KernelFault.Busy);
        var held = life.Kernel.HoldNext(nameof(IKernel.Mount));
        await life.Refused(Ask.Unmount("web"));
        await held.Reached;
        life.Kernel.ClearCallLog();

        var removal = life.Ask(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        Assert.Equal("it is being removed", (await life.Refused(Ask.Create("other"))).Why);
        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.Unmount));
        held.Open();

        Assert.IsNotType<PoolReplies.Refused>(await removal);
        Assert.Empty(Host.Kernel.ListDevices(DeviceNames.UuidPrefix).Value);
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
