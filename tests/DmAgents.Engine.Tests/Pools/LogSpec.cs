using DmAgents.Domain.Devices;
using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Tests.Support;
using DmAgents.Testing.Docker;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>The log has a failure once while its reason is the same, however often the agent retries.</summary>
public sealed class LogSpec : PoolSpec
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(2);

    [Fact]
    public void Retries_of_an_opening_are_not_logged_until_their_reason_changes()
    {
        var life = Opened();
        life.Die();
        Host.Kernel.PowerCut();
        Host.Kernel.BreakDisk(TestHost.DataDisk);
        var next = Live();
        next.Shows(PoolPhase.Unavailable);
        var since = next.Machine.Since;
        var logged = Lines(next, "pool-phase", "pool-unavailable");

        next.Pass(Long);

        Assert.NotEqual(since, next.Machine.Since);
        Assert.Equal(logged, Lines(next, "pool-phase", "pool-unavailable"));
        Assert.Single(Lines(next, "pool-unavailable"));
        next.Kernel.FailNext(nameof(IKernel.CheckMetadata), KernelFault.TimedOut);
        Host.Kernel.BreakDisk(TestHost.DataDisk, broken: false);
        next.IsOpen();
        Assert.Equal(2, Lines(next, "pool-unavailable").Count);
        Assert.Equal($"pool {TestHost.PoolName} is Open", Lines(next, "pool-phase")[^1]);
    }

    [Fact]
    public void The_same_reason_is_logged_again_after_the_pool_was_open()
    {
        var life = Opened();
        for (var times = 1; times <= 2; times++)
        {
            Host.Kernel.FailPool(TestHost.Pool);
            Host.Kernel.BreakDisk(TestHost.DataDisk);
            life.Tell(PoolInputs.LookAtStatus.Instance);
            life.Shows(PoolPhase.Unavailable);
            life.Pass(Long);
            Assert.Equal(times, Lines(life, "pool-unavailable").Count);
            Host.Kernel.BreakDisk(TestHost.DataDisk, broken: false);
            life.IsOpen();
        }
    }

    [Fact]
    public void Retries_of_giving_a_pool_back_are_not_logged()
    {
        var docker = new DockerWorld(Host.Kernel);
        var life = Live();
        life.Done(docker.Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid));
        life.Kernel.FailNext(nameof(IKernel.SetTransactionId), KernelFault.Failed, count: 4);
        life.Refused(new PoolCommands.Return(Ask.NewRequest(), Ask.At));
        var logged = Lines(life, "pool-phase", "pool-unavailable", "adoption-not-undone");

        life.Pass(Settings.RetryInterval * 2);

        Assert.Equal(logged, Lines(life, "pool-phase", "pool-unavailable", "adoption-not-undone"));
        Assert.Single(Lines(life, "adoption-not-undone"));
        life.Ends();
        Assert.Single(Lines(life, "pool-unavailable"));
    }

    [Fact]
    public void A_device_that_differs_is_logged_once_however_often_it_is_retried()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Active));
        Settled(life);
        life.Die();
        Host.Kernel.PowerCut();
        var next = Live();
        next.Kernel.FailNext(nameof(IKernel.ActivateThin), KernelFault.Failed, count: 4);
        next.IsOpen();

        next.RunUntil(() => next.Machine.DeviceProblems.IsEmpty, () => "it is not settled");

        Assert.Single(Lines(next, "device-differs"));
    }

    [Fact]
    public void A_status_that_cannot_be_read_is_logged_once_and_again_after_it_could()
    {
        var life = Opened(Settings with { StatusInterval = TimeSpan.FromSeconds(5) });
        for (var times = 1; times <= 2; times++)
        {
            life.Kernel.FailNext(nameof(IKernel.PoolStatus), KernelFault.TimedOut, count: 3);
            life.Pass(Long);
            Assert.Equal(times, Lines(life, "pool-status-unreadable").Count);
        }
    }

    [Fact]
    public void A_creation_in_doubt_is_logged_as_quarantined()
    {
        var life = Opened();
        life.Done(Ask.Create("one"));
        life.Kernel.FailNext(nameof(IKernel.CreateSnapshot), KernelFault.Failed, afterEffect: true);

        life.Refused(Ask.Create("doubtful"));

        var line = Assert.Single(life.Logged, line => line.Name == "thin-quarantined");
        Assert.Equal(Assert.Single(life.State.Ledger.Quarantine).Key, line.Values[1]);
    }

    [Fact]
    public void A_removal_that_the_kernel_refuses_is_a_warning_once_for_each_reason()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Kernel.FailNext(nameof(IKernel.DeleteThin), KernelFault.Failed, count: 3);
        life.Done(Ask.Remove("web"));
        life.RunUntil(() => life.Machine.PendingDeletions.IsEmpty, () => "the removal does not end");

        Assert.Equal(
            LogSeverity.Warning, Assert.Single(life.Logged, line => line.Name == "removal-failed").Severity);
        Assert.Empty(Lines(life, "removal-waits"));
    }

    [Fact]
    public void A_purge_that_fails_is_a_warning_once_for_each_reason()
    {
        var life = Opened();
        life.Done(Ask.Create("one"));
        life.Die();
        Assert.True(Host.Kernel.CreateThin(TestHost.Pool, new ThinId(77)).Succeeded);
        var next = Reopened();
        next.Kernel.FailNext(nameof(IKernel.DeleteThin), KernelFault.Failed, count: 3);
        next.Refused(Ask.Purge(new ThinId(77)));
        next.RunUntil(() => next.State.Ledger.Quarantine.IsEmpty, () => "it is not purged");

        Assert.Equal(LogSeverity.Warning, Assert.Single(next.Logged, line => line.Name == "purge-failed").Severity);
    }

    private static List<string> Lines(PoolLife life, params string[] names) =>
        [.. life.Logged.Where(line => names.Contains(line.Name)).Select(line => line.ToString())];
}
