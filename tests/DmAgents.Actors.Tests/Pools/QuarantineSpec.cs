using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>Thin ids that the pool has and nobody knows.</summary>
public sealed class QuarantineSpec : ActorSpec
{
    private static readonly ThinId Stray = new(77);

    [Fact]
    public async Task An_id_that_nobody_knows_is_kept_and_not_given_to_another()
    {
        var life = await WithStray(new ThinId(3));

        Assert.Contains(new ThinId(3), life.State.Ledger.Quarantine.Keys);
        Assert.Equal(new ThinId(4), (await life.Done(Ask.Create("two"))).Device!.Id);
        await Agrees(life);
    }

    [Fact]
    public async Task A_purge_deletes_it()
    {
        var life = await WithStray(Stray);

        await life.Done(Ask.Purge(Stray));

        Assert.Empty(life.State.Ledger.Quarantine);
        Assert.DoesNotContain(Stray, Host.Thins);
        await Agrees(life);
    }

    [Fact]
    public async Task A_purge_that_the_kernel_refuses_is_refused_and_tried_again()
    {
        var life = await WithStray(Stray);
        life.Kernel.FailNext(nameof(IKernel.DeleteThin), KernelFault.Busy);

        Assert.Equal(RefusalKind.Busy, (await life.Refused(Ask.Purge(Stray))).Kind);

        await Agrees(life);
        Assert.DoesNotContain(Stray, Host.Thins);
    }

    [Fact]
    public async Task A_purge_that_failed_is_not_told_to_be_done()
    {
        var life = await WithStray(Stray, Settings with { RetryInterval = TimeSpan.FromHours(1) });
        var purge = Ask.Purge(Stray);
        life.Kernel.FailNext(nameof(IKernel.DeleteThin), KernelFault.Busy);
        await life.Refused(purge);

        Assert.False((await life.Done(purge)).AlreadySo);
        Assert.DoesNotContain(Stray, Host.Thins);
    }

    [Fact]
    public async Task A_purge_that_a_dead_agent_left_is_carried_out_by_the_next()
    {
        var life = await WithStray(Stray);
        var held = life.Kernel.HoldNext(nameof(IKernel.DeleteThin));
        _ = life.Ask(Ask.Purge(Stray));
        await held.Reached;
        var death = life.Die();
        held.Open();
        await death;

        await Agrees(await Reopened());
        Assert.DoesNotContain(Stray, Host.Thins);
    }

    [Fact]
    public async Task An_undeleted_id_is_a_layer_again()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Host.Kernel.WriteFile(TestHost.MountOf(Ask.Container("web")), "hello", "saved"u8);
        await life.Done(Ask.Unmount("web"));
        var id = life.State.Find(Ask.Container("web"))!.Id;
        await life.Die();
        Host.Kernel.CreateSnapshot(TestHost.Pool, Stray, id);
        var next = await Reopened();

        await next.Done(Ask.Undelete(Stray, Ask.Layer("a"), Ask.BaseSize));

        await next.Done(Ask.Create("copy", Ask.Layer("a"), DeviceUse.Mounted));
        Assert.Equal("saved"u8, Host.Kernel.ReadFile(TestHost.MountOf(Ask.Container("copy")), "hello").Value);
        await Agrees(next);
    }

    /// <summary>A pool with a base, a container, and an id that somebody else has made.</summary>
    private async Task<AgentLife> WithStray(ThinId stray, Actors.Pools.PoolSettings? settings = null)
    {
        var life = await Opened();
        await life.Done(Ask.Create("one"));
        await life.Die();
        Assert.True(Host.Kernel.CreateThin(TestHost.Pool, stray).Succeeded);
        return await Reopened(settings);
    }
}
