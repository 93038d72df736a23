using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Holding I/O back, and freezing what is mounted.</summary>
public abstract class SuspendContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void A_suspended_device_says_so_until_it_is_resumed()
    {
        var device = Scope.OpenPool().CreateActive(1);

        Kernel.Suspend(device.Name, freeze: false).Must();
        Assert.True(Kernel.Find(device.Name).Must().Suspended);

        Kernel.Resume(device.Name).Must();
        Assert.False(Kernel.Find(device.Name).Must().Suspended);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Again_is_done(bool freeze)
    {
        var device = Scope.OpenPool().CreateActive(1);

        Kernel.Resume(device.Name).Must();
        Kernel.Suspend(device.Name, freeze).Must();
        Kernel.Suspend(device.Name, freeze).Must();
        Kernel.Resume(device.Name).Must();
        Kernel.Resume(device.Name).Must();

        Assert.False(Kernel.Find(device.Name).Must().Suspended);
    }

    [Fact]
    public void A_device_that_is_not_live_is_NotFound()
    {
        var missing = Scope.OpenPool().Thin(1).Name;

        Kernel.Suspend(missing, freeze: false).MustBeRefused(KernelFault.NotFound);
        Kernel.Resume(missing).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public async Task A_write_waits_for_the_resume_and_then_is_there()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        Kernel.Suspend(device.Name, freeze: false).Must();

        var write = Task.Run(() => pool.Write(1, block: 0, fill: 5));
        await Eventually.StaysWaiting(write, "the write");
        Kernel.Resume(device.Name).Must();
        await Eventually.Ends(write, "the write");

        pool.MustHold(1, block: 0, fill: 5);
    }

    [Fact]
    public void A_suspended_device_does_not_stop_its_siblings()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        pool.CreateActive(2);
        Kernel.Suspend(device.Name, freeze: false).Must();

        pool.Write(2, block: 0, fill: 5);

        pool.MustHold(2, block: 0, fill: 5);
    }

    [Fact]
    public void A_suspended_device_can_be_removed()
    {
        var device = Scope.OpenPool().CreateActive(1);
        Kernel.Suspend(device.Name, freeze: true).Must();

        Kernel.Remove(device.Name, deferred: false).Must();

        Kernel.Find(device.Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_reload_resumes()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        Kernel.Suspend(device.Name, freeze: false).Must();

        Kernel.ReloadThin(pool.Thin(1)).Must();

        Assert.False(Kernel.Find(device.Name).Must().Suspended);
        pool.Write(1, block: 0, fill: 1);
    }

    [Fact]
    public void A_freeze_brings_what_was_written_to_files_into_the_snapshot()
    {
        var (pool, origin, mounted) = MountedFileSystem();
        Fixture.WriteFile(mounted, "kept", [1, 2, 3]);

        Kernel.Suspend(origin.Name, freeze: true).Must();
        pool.Snapshot(2, origin: 1);
        Kernel.Resume(origin.Name).Must();

        var snapshot = Scope.Mount(pool.Activate(2, mebibytes: 128));
        Assert.Equal([1, 2, 3], Fixture.ReadFile(snapshot, "kept"));
    }

    [Fact]
    public void A_synced_file_is_in_a_snapshot_taken_without_a_freeze()
    {
        var (pool, origin, mounted) = MountedFileSystem();
        Fixture.WriteFile(mounted, "kept", [1, 2, 3]);
        Kernel.SyncFileSystem(mounted).Must();

        Kernel.Suspend(origin.Name, freeze: false).Must();
        pool.Snapshot(2, origin: 1);
        Kernel.Resume(origin.Name).Must();

        var snapshot = Scope.Mount(pool.Activate(2, mebibytes: 128));
        Assert.Equal([1, 2, 3], Fixture.ReadFile(snapshot, "kept"));
    }

    [Fact]
    public async Task A_frozen_file_system_takes_writes_again_after_the_resume()
    {
        var (_, origin, mounted) = MountedFileSystem();
        Kernel.Suspend(origin.Name, freeze: true).Must();

        var write = Task.Run(() => Fixture.WriteFile(mounted, "late", [4]));
        await Eventually.StaysWaiting(write, "the write to the frozen file system");
        Kernel.Resume(origin.Name).Must();
        await Eventually.Ends(write, "the write");

        Assert.Equal([4], Fixture.ReadFile(mounted, "late"));
    }

    private (ContractPool Pool, LiveDevice Origin, MountPath Mounted) MountedFileSystem()
    {
        var pool = Scope.OpenPool(dataMebibytes: 128);
        var origin = pool.CreateActive(1, mebibytes: 128);
        Kernel.Format(origin.Name.Path, FileSystemKind.Ext4).Must();
        return (pool, origin, Scope.Mount(origin));
    }
}
