using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>A pool that the kernel has given up comes back by itself, when its disks do.</summary>
public sealed class GivenUpSpec : ActorSpec
{
    private static readonly DeviceKey Web = Ask.Container("web");

    [Fact]
    public async Task It_is_taken_down_and_opened_anew_with_what_it_held()
    {
        var life = await WithFile();
        Host.Kernel.FailPool(TestHost.Pool);

        life.Tell(PoolMessages.LookAtStatus.Instance);
        // It was journaled as failed, and as writable again.
        await Eventually.Holds(
            () => life.State.Condition is { Since: not null, Condition: PoolCondition.Writable }, () => "nothing is told");
        await life.IsOpen();

        await Agrees(life);
        MustHoldFile();
        Assert.Contains(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.CheckMetadata));
        await life.Done(Ask.Create("other"));
    }

    [Theory]
    [InlineData("/dev/sda")]
    [InlineData("/dev/sdb")]
    public async Task While_a_disk_is_away_it_says_so_and_is_tried_again_without_a_table_being_loaded(string disk)
    {
        var life = await WithFile();
        Host.Kernel.FailPool(TestHost.Pool);
        Host.Kernel.BreakDisk(new DevicePath(disk));
        life.Kernel.ClearCallLog();

        life.Tell(PoolMessages.LookAtStatus.Instance);
        var reason = (await life.Shows(PoolPhase.Unavailable)).Reason;

        Assert.Contains("given the pool up", reason, StringComparison.Ordinal);
        Assert.Contains(disk, reason, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.Failed, (await life.Refused(Ask.Create("other"))).Kind);
        await life.Refused(new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At));
        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation
            is nameof(IKernel.ReloadPool) or nameof(IKernel.ClosePool) or nameof(IKernel.Unmount));

        Host.Kernel.BreakDisk(new DevicePath(disk), broken: false);
        await life.IsOpen();
        await Agrees(life);
        MustHoldFile();
    }

    [Fact]
    public async Task A_repair_leads_there_too()
    {
        var life = await WithFile();
        Host.Kernel.FailPool(TestHost.Pool);

        await life.Done(new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At));

        await Agrees(life);
        MustHoldFile();
    }

    [Fact]
    public async Task Damaged_metadata_keep_it_closed()
    {
        var life = await WithFile();
        Host.Kernel.FailPool(TestHost.Pool);
        life.Kernel.FailNext(nameof(IKernel.CheckMetadata), KernelFault.Invalid, count: 1000);

        life.Tell(PoolMessages.LookAtStatus.Instance);
        await life.Shows(PoolPhase.Unavailable);

        Assert.DoesNotContain(life.Kernel.CallLog.SkipWhile(call => call.Operation != nameof(IKernel.CheckMetadata)),
            call => call.Operation == nameof(IKernel.OpenPool));
    }

    [Fact]
    public async Task A_process_that_keeps_a_device_of_it_open_is_named_and_waited_for()
    {
        var life = await WithFile();
        Host.Kernel.FailPool(TestHost.Pool);
        var device = TestHost.Thin(life.State.Find(Web)!.Id);
        using (Host.Kernel.HoldDevice(device.Path))
        {
            life.Tell(PoolMessages.LookAtStatus.Instance);
            Assert.Contains(
                device.Value, (await life.Shows(PoolPhase.Unavailable)).Reason, StringComparison.Ordinal);
        }

        await life.IsOpen();
        await Agrees(life);
        MustHoldFile();
    }

    [Fact]
    public async Task A_pool_that_waits_for_a_check_gets_it_on_request_and_not_while_it_is_used()
    {
        var life = await WithFile();
        Host.Kernel.BreakMetadata(TestHost.Pool);
        var repair = new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At);
        using (Host.Kernel.HoldMount(TestHost.MountOf(Web)))
        {
            await life.Refused(repair);
            Assert.True(Host.IsMounted(Web));
        }

        await life.Done(new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At));

        await Agrees(life);
        MustHoldFile();
        Assert.False(Host.Kernel.PoolStatus(TestHost.Pool).Value.NeedsCheck);
    }

    private async Task<AgentLife> WithFile()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Assert.True(Host.Kernel.WriteFile(TestHost.MountOf(Web), "kept", [1, 2, 3]).Succeeded);
        Assert.True(Host.Kernel.SyncFileSystem(TestHost.MountOf(Web)).Succeeded);
        return life;
    }

    private void MustHoldFile() =>
        Assert.Equal([1, 2, 3], Host.Kernel.ReadFile(TestHost.MountOf(Web), "kept").Value);
}
