using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Mounting, unmounting, and the directories for it.</summary>
public abstract class MountContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Theory]
    [InlineData(FileSystemKind.Ext4, "ext4")]
    [InlineData(FileSystemKind.Xfs, "xfs")]
    public void A_mount_is_listed_with_device_type_and_mode(FileSystemKind kind, string type)
    {
        var (_, device) = Scope.OpenFormatted(kind);
        var mounted = Scope.Mount(device, kind);
        Assert.Contains(new MountEntry(device.Number, mounted, type, ReadOnly: false), Kernel.Mounts().Must());
        Kernel.Unmount(mounted, detach: false).Must();
        Assert.DoesNotContain(Kernel.Mounts().Must(), mount => mount.Target == mounted);

        var readOnly = Scope.Mount(device, kind, readOnly: true);

        Assert.Contains(new MountEntry(device.Number, readOnly, type, ReadOnly: true), Kernel.Mounts().Must());
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void What_is_mounted_at_a_place_is_told_and_nothing_after_it_was_unmounted_by_hand(FileSystemKind kind)
    {
        var (_, device) = Scope.OpenFormatted(kind);
        var place = Scope.NewMountPath();
        Kernel.MountAt(place).MustBeRefused(KernelFault.NotFound);
        Kernel.EnsureDirectory(place).Must();
        Kernel.MountAt(place).MustBeRefused(KernelFault.NotFound);

        Kernel.Mount(device.Name.Path, place, kind, readOnly: false).Must();
        Assert.Equal(new MountedDevice(device.Number, ReadOnly: false), Kernel.MountAt(place).Must());
        Kernel.Unmount(place, detach: false).Must();
        Kernel.MountAt(place).MustBeRefused(KernelFault.NotFound);

        Kernel.Mount(device.Name.Path, place, kind, readOnly: true).Must();
        Assert.Equal(new MountedDevice(device.Number, ReadOnly: true), Kernel.MountAt(place).Must());
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_device_without_a_file_system_is_Invalid_to_mount(FileSystemKind kind)
    {
        var device = Scope.OpenPool().CreateActive(1);

        Kernel.Mount(device.Name.Path, Scope.NewMountPath(), kind, readOnly: false)
            .MustBeRefused(KernelFault.Invalid);

        Eventually.Equal(0u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
    }

    [Fact]
    public void A_missing_device_is_NotFound_to_mount()
    {
        var missing = Scope.OpenPool().Thin(1).Name.Path;

        Kernel.Mount(missing, Scope.NewMountPath(), FileSystemKind.Ext4, readOnly: false)
            .MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_target_that_is_a_mount_is_Busy()
    {
        var (pool, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);
        var other = pool.CreateActive(2);
        Kernel.Format(other.Name.Path, FileSystemKind.Ext4).Must();

        Kernel.Mount(other.Name.Path, mounted, FileSystemKind.Ext4, readOnly: false).MustBeRefused(KernelFault.Busy);
    }

    [Fact]
    public void A_mount_holds_its_device_open_once()
    {
        var (_, device) = Scope.OpenFormatted(FileSystemKind.Ext4);

        var mounted = Scope.Mount(device);

        Eventually.Equal(1u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
        Assert.True(Kernel.Inspect(device.Name.Path).Must().InUse);
        Kernel.Unmount(mounted, detach: false).Must();
        Eventually.Equal(0u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
    }

    [Fact]
    public void A_read_only_device_is_mounted_read_only_or_not_at_all()
    {
        var (pool, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        Kernel.ReloadThin(pool.Thin(1, ContractScope.FormattedMebibytes, readOnly: true)).Must();

        Kernel.Mount(device.Name.Path, Scope.NewMountPath(), FileSystemKind.Ext4, readOnly: false)
            .MustBeRefused(KernelFault.NotPermitted, KernelFault.ReadOnly);

        Assert.Empty(Fixture.ListFiles(Scope.Mount(device, readOnly: true)));
    }

    [Fact]
    public void A_read_only_mount_of_a_snapshot_takes_no_block()
    {
        var (pool, _) = Scope.OpenFormatted(FileSystemKind.Ext4);
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        var snapshot = pool.Activate(2, ContractScope.FormattedMebibytes);
        var before = pool.UsedBlocks;

        var mounted = Scope.Mount(snapshot, readOnly: true);
        Fixture.ListFiles(mounted);
        Kernel.Unmount(mounted, detach: false).Must();

        Assert.Equal(before, pool.UsedBlocks);
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_directory_of_a_file_system_is_mounted_as_if_it_were_the_whole(FileSystemKind kind)
    {
        var (_, device) = Scope.OpenFormatted(kind);
        var whole = Scope.Mount(device, kind);
        Fixture.WriteFile(whole, "id", [1]);
        Fixture.WriteFile(whole, "rootfs/inner", [2]);
        Kernel.Unmount(whole, detach: false).Must();
        var shown = Scope.NewMountPath();

        Kernel.Mount(device.Name.Path, shown, kind, readOnly: false, "rootfs").Must();

        Assert.Equal(["inner"], Fixture.ListFiles(shown));
        Assert.Equal([2], Fixture.ReadFile(shown, "inner"));
        Assert.Single(Kernel.Mounts().Must(), mount => mount.Device == device.Number && mount.Target == shown);
        Eventually.Equal(1u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
        Fixture.WriteFile(shown, "written", [3]);
        Kernel.Unmount(shown, detach: false).Must();
        Eventually.Equal(0u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
        Assert.Equal([3], Fixture.ReadFile(Scope.Mount(device, kind), "rootfs/written"));
    }

    [Fact]
    public void A_directory_is_mounted_read_only_too()
    {
        var (_, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        var whole = Scope.Mount(device);
        Fixture.WriteFile(whole, "rootfs/inner", [2]);
        Kernel.Unmount(whole, detach: false).Must();
        var shown = Scope.NewMountPath();

        Kernel.Mount(device.Name.Path, shown, FileSystemKind.Ext4, readOnly: true, "rootfs").Must();

        Assert.Contains(new MountEntry(device.Number, shown, "ext4", ReadOnly: true), Kernel.Mounts().Must());
    }

    [Fact]
    public void A_directory_that_is_not_there_is_NotFound_and_nothing_stays_mounted()
    {
        var (_, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        var shown = Scope.NewMountPath();

        Kernel.Mount(device.Name.Path, shown, FileSystemKind.Ext4, readOnly: false, "rootfs")
            .MustBeRefused(KernelFault.NotFound);

        Assert.DoesNotContain(Kernel.Mounts().Must(), mount => mount.Device == device.Number);
        Eventually.Equal(0u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
        Kernel.RemoveDirectory(shown).Must();
    }

    [Fact]
    public void A_directory_is_the_same_whenever_it_is_asked_about()
    {
        var (one, other) = (Scope.NewMountPath(), Scope.NewMountPath());
        Kernel.Identify(one).MustBeRefused(KernelFault.NotFound);
        Kernel.EnsureDirectory(one).Must();
        Kernel.EnsureDirectory(other).Must();

        var identity = Kernel.Identify(one).Must();

        Assert.Equal(identity, Kernel.Identify(one).Must());
        Assert.NotEqual(identity, Kernel.Identify(other).Must());
    }

    [Fact]
    public void A_process_with_a_file_open_below_a_directory_is_told()
    {
        var (_, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);
        Assert.DoesNotContain(Kernel.UsersOf(mounted).Must(), user => user.ProcessId == Environment.ProcessId);

        using (Scope.HoldMount(mounted))
        {
            var user = Assert.Single(Kernel.UsersOf(mounted).Must(), user => user.ProcessId == Environment.ProcessId);
            Assert.StartsWith(mounted.Value + "/", user.File, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Kernel.UsersOf(mounted).Must(), user => user.ProcessId == Environment.ProcessId);
    }

    [Fact]
    public void A_path_that_is_no_mount_is_Invalid_to_unmount()
    {
        var path = Scope.NewMountPath();
        Kernel.EnsureDirectory(path).Must();

        Kernel.Unmount(path, detach: false).MustBeRefused(KernelFault.Invalid);
        Kernel.Unmount(path, detach: true).MustBeRefused(KernelFault.Invalid);
    }

    [Fact]
    public void A_mount_in_use_is_Busy_unless_it_is_detached_and_then_ends_with_its_last_user()
    {
        var (_, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);
        Fixture.WriteFile(mounted, "kept", [1]);
        var hold = Scope.HoldMount(mounted);
        Kernel.Unmount(mounted, detach: false).MustBeRefused(KernelFault.Busy);

        Kernel.Unmount(mounted, detach: true).Must();

        Assert.DoesNotContain(Kernel.Mounts().Must(), mount => mount.Target == mounted);
        Assert.Equal(1u, Kernel.Find(device.Name).Must().OpenCount);
        hold.Dispose();
        Eventually.Equal(0u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
        Assert.Equal([1], Fixture.ReadFile(Scope.Mount(device), "kept"));
    }

    [Fact]
    public void A_mounted_device_is_not_formatted()
    {
        var (_, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);
        Fixture.WriteFile(mounted, "kept", [1]);

        Assert.False(Kernel.Format(device.Name.Path, FileSystemKind.Ext4).Succeeded);

        Kernel.Unmount(mounted, detach: false).Must();
        Assert.Equal([1], Fixture.ReadFile(Scope.Mount(device), "kept"));
    }

    [Fact]
    public void Directories_are_made_with_their_parents_and_removed_when_empty()
    {
        var parent = Scope.NewMountPath();
        var child = new MountPath(parent.Value + "/child");
        Kernel.RemoveDirectory(child).Must();

        Kernel.EnsureDirectory(child).Must();
        Kernel.EnsureDirectory(child).Must();

        Kernel.RemoveDirectory(parent).MustBeRefused(KernelFault.Busy);
        Kernel.RemoveDirectory(child).Must();
        Kernel.RemoveDirectory(parent).Must();
    }

    [Fact]
    public void A_mount_point_is_made_by_the_mount_and_Busy_to_remove()
    {
        var (_, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);

        Kernel.RemoveDirectory(mounted).MustBeRefused(KernelFault.Busy);

        Kernel.Unmount(mounted, detach: false).Must();
        Kernel.RemoveDirectory(mounted).Must();
    }
}
