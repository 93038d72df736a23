using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Tests.Pools;

public sealed class CommitSpec : ActorSpec
{
    private static readonly string[] Quiesced =
        [nameof(IKernel.Suspend), nameof(IKernel.CreateSnapshot), nameof(IKernel.Resume)];

    [Fact]
    public async Task A_committed_container_is_a_layer_under_its_own_id()
    {
        var life = await Opened();
        var container = (await life.Done(Ask.Create("web"))).Device!;

        var layer = (await life.Done(Ask.Commit("web", Ask.Layer("a")))).Layer!;

        Assert.Equal((container.Id, DeviceKind.Layer), (layer.Id, layer.Kind));
        Assert.Null(life.State.Find(Ask.Container("web")));
        await Agrees(life);
    }

    [Fact]
    public async Task What_an_active_container_holds_is_durable_before_its_commit_is()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await life.Done(Ask.Use(Ask.Container("web"), DeviceUse.Active));
        var held = life.Kernel.HoldNext(nameof(IKernel.Flush));

        var commit = life.Ask(Ask.Commit("web", Ask.Layer("a")));
        await held.Reached;
        Assert.DoesNotContain("device-committed.v1", Host.Journal.Manifests(TestHost.PersistenceId));
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(await commit);
        await Agrees(life);
    }

    [Fact]
    public async Task An_active_container_that_cannot_be_flushed_is_not_committed()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await life.Done(Ask.Use(Ask.Container("web"), DeviceUse.Active));
        life.Kernel.FailNext(nameof(IKernel.Flush), KernelFault.Failed);
        var commit = Ask.Commit("web", Ask.Layer("a"));

        var refusal = await life.Refused(commit);

        Assert.Equal("cannot commit", refusal.What);
        Assert.Equal(DeviceKind.Container, life.State.Find(Ask.Container("web"))!.Kind);
        await Agrees(life);
        Assert.False((await life.Done(commit)).AlreadySo);
    }

    [Fact]
    public async Task A_mounted_container_is_quiesced_while_a_layer_is_made_of_it()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Host.Kernel.WriteFile(TestHost.MountOf(Ask.Container("web")), "hello", "dirty"u8);
        life.Kernel.ClearCallLog();

        await life.Done(Ask.CommitLive("web", Ask.Layer("a")));

        Assert.Equal(Quiesced, life.Kernel.CallLog.Select(c => c.Operation).Where(Quiesced.Contains));
        await life.Done(Ask.Create("copy", Ask.Layer("a"), DeviceUse.Mounted));
        Assert.Equal("dirty"u8, Host.Kernel.ReadFile(TestHost.MountOf(Ask.Container("copy")), "hello").Value);
        await Agrees(life);
    }

    [Theory]
    [InlineData(nameof(IKernel.Suspend))]
    [InlineData(nameof(IKernel.CreateSnapshot))]
    public async Task A_container_runs_on_where_a_layer_of_it_cannot_be_made(string operation)
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.FailNext(operation, KernelFault.NoSpace);
        life.Kernel.ClearCallLog();

        await life.Refused(Ask.CommitLive("web", Ask.Layer("a")));

        Assert.Contains(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.Resume));
        Assert.Null(life.State.Find(Ask.Layer("a")));
        await Agrees(life);
    }

    [Fact]
    public async Task A_container_that_does_not_resume_is_resumed_by_timer_and_the_layer_is_not_there()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.FailNext(nameof(IKernel.Resume), KernelFault.NoSpace);

        await life.Refused(Ask.CommitLive("web", Ask.Layer("a")));

        Assert.Null(life.State.Find(Ask.Layer("a")));
        await Agrees(life);
    }

    [Fact]
    public async Task A_stopped_container_is_committed_live_without_a_suspend()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        life.Kernel.ClearCallLog();

        await life.Done(Ask.CommitLive("web", Ask.Layer("a")));

        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.Suspend));
        await Agrees(life);
    }
}
