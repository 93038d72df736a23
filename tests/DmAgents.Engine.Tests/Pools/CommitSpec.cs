using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

public sealed class CommitSpec : PoolSpec
{
    private static readonly string[] Quiesced =
        [nameof(IKernel.Suspend), nameof(IKernel.CreateSnapshot), nameof(IKernel.Resume)];

    [Fact]
    public void A_committed_container_is_a_layer_under_its_own_id()
    {
        var life = Opened();
        var container = life.Done(Ask.Create("web")).Device!;

        var layer = life.Done(Ask.Commit("web", Ask.Layer("a"))).Layer!;

        Assert.Equal((container.Id, DeviceKind.Layer), (layer.Id, layer.Kind));
        Assert.Null(life.State.Find(Ask.Container("web")));
        Agrees(life);
    }

    [Fact]
    public void What_an_active_container_holds_is_durable_before_its_commit_is()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Done(Ask.Use(Ask.Container("web"), DeviceUse.Active));
        var held = life.Kernel.HoldNext(nameof(IKernel.Flush));

        var commit = life.Ask(Ask.Commit("web", Ask.Layer("a")));
        life.Reach(held);
        Assert.False(IsJournaled<PoolEvents.Committed>());
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(commit.Value);
        Agrees(life);
    }

    [Fact]
    public void An_active_container_that_cannot_be_flushed_is_not_committed()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Done(Ask.Use(Ask.Container("web"), DeviceUse.Active));
        life.Kernel.FailNext(nameof(IKernel.Flush), KernelFault.Failed);
        var commit = Ask.Commit("web", Ask.Layer("a"));

        var refusal = life.Refused(commit);

        Assert.Equal("cannot commit", refusal.What);
        Assert.Equal(DeviceKind.Container, life.State.Find(Ask.Container("web"))!.Kind);
        Agrees(life);
        Assert.False(life.Done(commit).AlreadySo);
    }

    [Fact]
    public void A_mounted_container_is_quiesced_while_a_layer_is_made_of_it()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Host.Kernel.WriteFile(TestHost.MountOf(Ask.Container("web")), "hello", "dirty"u8);
        life.Kernel.ClearCallLog();

        life.Done(Ask.CommitLive("web", Ask.Layer("a")));

        Assert.Equal(Quiesced, life.Kernel.CallLog.Select(c => c.Operation).Where(Quiesced.Contains));
        life.Done(Ask.Create("copy", Ask.Layer("a"), DeviceUse.Mounted));
        Assert.Equal("dirty"u8, Host.Kernel.ReadFile(TestHost.MountOf(Ask.Container("copy")), "hello").Value);
        Agrees(life);
    }

    [Theory]
    [InlineData(nameof(IKernel.Suspend))]
    [InlineData(nameof(IKernel.CreateSnapshot))]
    public void A_container_runs_on_where_a_layer_of_it_cannot_be_made(string operation)
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.FailNext(operation, KernelFault.NoSpace);
        life.Kernel.ClearCallLog();

        life.Refused(Ask.CommitLive("web", Ask.Layer("a")));

        Assert.Contains(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.Resume));
        Assert.Null(life.State.Find(Ask.Layer("a")));
        Agrees(life);
    }

    [Fact]
    public void A_container_that_does_not_resume_is_resumed_by_timer_and_the_layer_is_not_there()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.FailNext(nameof(IKernel.Resume), KernelFault.NoSpace);

        life.Refused(Ask.CommitLive("web", Ask.Layer("a")));

        Assert.Null(life.State.Find(Ask.Layer("a")));
        Agrees(life);
    }

    [Fact]
    public void A_stopped_container_is_committed_live_without_a_suspend()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Kernel.ClearCallLog();

        life.Done(Ask.CommitLive("web", Ask.Layer("a")));

        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.Suspend));
        Agrees(life);
    }
}
