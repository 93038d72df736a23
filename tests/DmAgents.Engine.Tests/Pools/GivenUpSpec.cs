using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>A pool in failed mode recovers automatically when its disks return.</summary>
public sealed class GivenUpSpec : PoolSpec
{
    private static readonly DeviceKey Web = Ask.Container("web");

    [Fact]
    public void It_is_taken_down_and_opened_anew_with_what_it_held()
    {
        var life = WithFile();
        Host.Kernel.FailPool(TestHost.Pool);

        life.Tell(PoolInputs.LookAtStatus.Instance);
        // The journal has it as failed, and then as writable again.
        life.RunUntil(
            () => life.State.Condition is { Since: not null, Condition: PoolCondition.Writable },
            () => "nothing is journaled");
        life.IsOpen();

        Agrees(life);
        MustHoldFile();
        Assert.Contains(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.CheckMetadata));
        life.Done(Ask.Create("other"));
    }

    [Theory]
    [InlineData("/dev/sda")]
    [InlineData("/dev/sdb")]
    public void While_a_disk_is_away_it_says_so_and_is_tried_again_without_a_table_being_loaded(string disk)
    {
        var life = WithFile();
        Host.Kernel.FailPool(TestHost.Pool);
        Host.Kernel.BreakDisk(new DevicePath(disk));
        life.Kernel.ClearCallLog();

        life.Tell(PoolInputs.LookAtStatus.Instance);
        life.Shows(PoolPhase.Unavailable);
        var reason = life.Machine.Reason;

        Assert.Contains("given the pool up", reason, StringComparison.Ordinal);
        Assert.Contains(disk, reason, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.Failed, life.Refused(Ask.Create("other")).Kind);
        life.Refused(new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At));
        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation
            is nameof(IKernel.ReloadPool) or nameof(IKernel.ClosePool) or nameof(IKernel.Unmount));

        Host.Kernel.BreakDisk(new DevicePath(disk), broken: false);
        life.IsOpen();
        Agrees(life);
        MustHoldFile();
    }

    [Fact]
    public void A_repair_leads_there_too()
    {
        var life = WithFile();
        Host.Kernel.FailPool(TestHost.Pool);

        life.Done(new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At));

        Agrees(life);
        MustHoldFile();
    }

    [Fact]
    public void Damaged_metadata_keep_it_closed()
    {
        var life = WithFile();
        Host.Kernel.FailPool(TestHost.Pool);
        life.Kernel.FailNext(nameof(IKernel.CheckMetadata), KernelFault.Invalid, count: 1000);

        life.Tell(PoolInputs.LookAtStatus.Instance);
        life.Shows(PoolPhase.Unavailable);

        Assert.DoesNotContain(life.Kernel.CallLog.SkipWhile(call => call.Operation != nameof(IKernel.CheckMetadata)),
            call => call.Operation == nameof(IKernel.OpenPool));
    }

    [Fact]
    public void A_process_that_keeps_a_device_of_it_open_is_named_and_waited_for()
    {
        var life = WithFile();
        Host.Kernel.FailPool(TestHost.Pool);
        var device = TestHost.Thin(life.State.Find(Web)!.Id);
        using (Host.Kernel.HoldDevice(device.Path))
        {
            life.Tell(PoolInputs.LookAtStatus.Instance);
            life.Shows(PoolPhase.Unavailable);
            Assert.Contains(device.Value, life.Machine.Reason, StringComparison.Ordinal);
        }

        life.IsOpen();
        Agrees(life);
        MustHoldFile();
    }

    [Fact]
    public void A_pool_that_waits_for_a_check_gets_it_on_request_and_not_while_it_is_used()
    {
        var life = WithFile();
        Host.Kernel.BreakMetadata(TestHost.Pool);
        var repair = new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At);
        using (Host.Kernel.HoldMount(TestHost.MountOf(Web)))
        {
            life.Refused(repair);
            Assert.True(Host.IsMounted(Web));
        }

        life.Done(new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At));

        Agrees(life);
        MustHoldFile();
        Assert.False(Host.Kernel.PoolStatus(TestHost.Pool).Value.NeedsCheck);
    }

    private PoolLife WithFile()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Assert.True(Host.Kernel.WriteFile(TestHost.MountOf(Web), "kept", [1, 2, 3]).Succeeded);
        Assert.True(Host.Kernel.SyncFileSystem(TestHost.MountOf(Web)).Succeeded);
        return life;
    }

    private void MustHoldFile() =>
        Assert.Equal([1, 2, 3], Host.Kernel.ReadFile(TestHost.MountOf(Web), "kept").Value);
}
