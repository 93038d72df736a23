using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>The pool itself grows.</summary>
public sealed class GrowSpec : ActorSpec
{
    [Fact]
    public async Task A_grown_pool_has_more_and_says_so()
    {
        var life = await Opened();

        await life.Done(Ask.Grow(TestHost.Larger));

        Assert.Equal(TestHost.Larger, life.State.Identity!.Backing);
        await Eventually.Holds(
            () => life.Picture.Health!.DataTotal == ByteSize.GiB(2), () => $"it has {life.Picture.Health!.DataTotal}");
        await Agrees(life);
    }

    [Fact]
    public async Task A_grown_pool_is_that_large_after_a_restart_of_the_host()
    {
        var life = await Opened();
        await life.Done(Ask.Grow(TestHost.Larger));
        await life.Die();
        Host.Kernel.PowerCut();

        var next = await Reopened();

        Assert.Equal(ByteSize.GiB(2), next.Picture.Health!.DataTotal);
        await Agrees(next);
    }

    [Fact]
    public async Task A_growth_that_the_kernel_refuses_takes_the_backing_back()
    {
        var life = await Opened();
        var grow = Ask.Grow(TestHost.Larger);
        life.Kernel.FailNext(nameof(IKernel.ReloadLinear), KernelFault.NoSpace);

        Assert.Equal(RefusalKind.NoSpace, (await life.Refused(grow)).Kind);

        Assert.Equal(TestHost.Backing, life.State.Identity!.Backing);
        Assert.False((await life.Done(grow)).AlreadySo);
        Assert.Equal(TestHost.Larger, life.State.Identity!.Backing);
    }

    [Fact]
    public async Task A_growth_of_which_nobody_knows_whether_it_happened_is_made_so_by_the_next_opening()
    {
        var life = await Opened();
        life.Kernel.FailNext(nameof(IKernel.ReloadLinear), KernelFault.TimedOut, afterEffect: true);
        await life.Refused(Ask.Grow(TestHost.Larger));
        Assert.Equal(TestHost.Larger, life.State.Identity!.Backing);
        await life.Die();

        var next = await Reopened();

        Assert.Equal(ByteSize.GiB(2), next.Picture.Health!.DataTotal);
    }

    [Fact]
    public async Task A_disk_that_is_missing_is_refused_before_the_journal_has_it()
    {
        var life = await Opened();
        var missing = TestHost.Backing with
        {
            Data = [.. TestHost.Backing.Data, TestHost.Part(new("/dev/missing"), ByteSize.GiB(1))],
        };

        await life.Refused(Ask.Grow(missing));

        Assert.DoesNotContain("pool-backing-changed.v1", Host.Journal.Manifests(TestHost.PersistenceId));
        await life.Done(Ask.Grow(TestHost.Larger));
    }

    [Fact]
    public async Task A_disk_carries_its_label_before_the_journal_has_it()
    {
        var life = await Opened();
        life.Journal.Hold();
        var growth = life.Ask(Ask.Grow(TestHost.Larger));
        await Eventually.Holds(() => life.Journal.Held > 0, () => "nothing came to the journal");

        Assert.Contains(life.Kernel.CallLog,
            call => call == new Testing.Faults.KernelCall(nameof(IKernel.Write), TestHost.SpareDisk.Value));
        life.Journal.Release();
        Assert.IsAssignableFrom<PoolReplies.Success>(await growth);
    }

    [Fact]
    public async Task A_second_growth_waits_for_the_first()
    {
        var life = await Opened();
        var held = life.Kernel.HoldNext(nameof(IKernel.ReloadLinear));
        var first = life.Ask(Ask.Grow(TestHost.Larger));
        await held.Reached;

        Assert.Equal(RefusalKind.Busy, (await life.Refused(Ask.Grow(TestHost.Larger))).Kind);

        held.Open();
        Assert.IsAssignableFrom<PoolReplies.Success>(await first);
    }

    [Fact]
    public async Task A_pool_does_not_shrink()
    {
        var life = await Opened();
        await life.Done(Ask.Grow(TestHost.Larger));

        Assert.Equal(RefusalKind.Invalid, (await life.Refused(Ask.Grow(TestHost.Backing))).Kind);
    }
}
