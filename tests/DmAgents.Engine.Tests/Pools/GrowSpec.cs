using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>The pool itself grows.</summary>
public sealed class GrowSpec : PoolSpec
{
    [Fact]
    public void A_grown_pool_has_more_and_says_so()
    {
        var life = Opened();

        life.Done(Ask.Grow(TestHost.Larger));

        Assert.Equal(TestHost.Larger, life.State.Identity!.Backing);
        life.RunUntil(
            () => life.Machine.Health!.DataTotal == ByteSize.GiB(2), () => $"it has {life.Machine.Health!.DataTotal}");
        Agrees(life);
    }

    [Fact]
    public void A_grown_pool_is_that_large_after_a_restart_of_the_host()
    {
        var life = Opened();
        life.Done(Ask.Grow(TestHost.Larger));
        life.Die();
        Host.Kernel.PowerCut();

        var next = Reopened();

        Assert.Equal(ByteSize.GiB(2), next.Machine.Health!.DataTotal);
        Agrees(next);
    }

    [Fact]
    public void A_growth_that_the_kernel_refuses_takes_the_backing_back()
    {
        var life = Opened();
        var grow = Ask.Grow(TestHost.Larger);
        life.Kernel.FailNext(nameof(IKernel.ReloadLinear), KernelFault.NoSpace);

        Assert.Equal(RefusalKind.NoSpace, life.Refused(grow).Kind);

        Assert.Equal(TestHost.Backing, life.State.Identity!.Backing);
        Assert.False(life.Done(grow).AlreadySo);
        Assert.Equal(TestHost.Larger, life.State.Identity!.Backing);
    }

    [Fact]
    public void A_growth_of_which_nobody_knows_whether_it_happened_is_made_so_by_the_next_opening()
    {
        var life = Opened();
        life.Kernel.FailNext(nameof(IKernel.ReloadLinear), KernelFault.TimedOut, afterEffect: true);
        life.Refused(Ask.Grow(TestHost.Larger));
        Assert.Equal(TestHost.Larger, life.State.Identity!.Backing);
        life.Die();

        var next = Reopened();

        Assert.Equal(ByteSize.GiB(2), next.Machine.Health!.DataTotal);
    }

    [Fact]
    public void A_disk_that_is_missing_is_refused_before_the_journal_has_it()
    {
        var life = Opened();
        var missing = TestHost.Backing with
        {
            Data = [.. TestHost.Backing.Data, TestHost.Part(new("/dev/missing"), ByteSize.GiB(1))],
        };

        life.Refused(Ask.Grow(missing));

        Assert.False(IsJournaled<PoolEvents.BackingChanged>());
        life.Done(Ask.Grow(TestHost.Larger));
    }

    [Fact]
    public void A_disk_carries_its_label_before_the_journal_has_it()
    {
        var life = Opened();
        life.HoldJournal();
        var growth = life.Ask(Ask.Grow(TestHost.Larger));
        life.RunUntil(() => life.HeldWrites > 0, () => "nothing came to the journal");

        Assert.Contains(life.Kernel.CallLog,
            call => call == new Testing.Faults.KernelCall(nameof(IKernel.Write), TestHost.SpareDisk.Value));
        life.ReleaseJournal();
        Assert.IsAssignableFrom<PoolReplies.Success>(growth.Value);
    }

    [Fact]
    public void A_second_growth_waits_for_the_first()
    {
        var life = Opened();
        var held = life.Kernel.HoldNext(nameof(IKernel.ReloadLinear));
        var first = life.Ask(Ask.Grow(TestHost.Larger));
        life.Reach(held);

        Assert.Equal(RefusalKind.Busy, life.Refused(Ask.Grow(TestHost.Larger)).Kind);

        held.Open();
        Assert.IsAssignableFrom<PoolReplies.Success>(first.Value);
    }

    [Fact]
    public void A_pool_does_not_shrink()
    {
        var life = Opened();
        life.Done(Ask.Grow(TestHost.Larger));

        Assert.Equal(RefusalKind.Invalid, life.Refused(Ask.Grow(TestHost.Backing)).Kind);
    }
}
