using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Making, mounting and growing file systems.</summary>
public abstract class FileSystemContract(KernelFixture fixture) : KernelContract(fixture)
{
    /// <summary>mkfs.xfs makes nothing below 300 MiB.</summary>
    private const ulong Mebibytes = 320;

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void Files_survive_unmounting(FileSystemKind kind)
    {
        var (_, device) = Formatted(kind);
        var mounted = Scope.Mount(device, kind);
        Fixture.WriteFile(mounted, "kept", [1, 2, 3]);
        Kernel.Unmount(mounted, detach: false).Must();

        Assert.Equal([1, 2, 3], Fixture.ReadFile(Scope.Mount(device, kind), "kept"));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_fresh_root_is_empty_and_formatting_again_empties_it(FileSystemKind kind)
    {
        var (_, device) = Formatted(kind);
        var mounted = Scope.Mount(device, kind);
        Assert.Empty(Fixture.ListFiles(mounted));
        Fixture.WriteFile(mounted, "old", [1]);
        Kernel.Unmount(mounted, detach: false).Must();

        Kernel.Format(device.Name.Path, kind).Must();

        Assert.Empty(Fixture.ListFiles(Scope.Mount(device, kind)));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4, "ext4")]
    [InlineData(FileSystemKind.Xfs, "xfs")]
    public void A_mount_is_listed_with_device_type_and_mode(FileSystemKind kind, string type)
    {
        var (pool, device) = Formatted(kind);
        var mounted = Scope.Mount(device, kind);
        pool.Create(2);
        Assert.Contains(new MountEntry(device.Number, mounted, type, ReadOnly: false), Kernel.Mounts().Must());
        Kernel.Unmount(mounted, detach: false).Must();
        Assert.DoesNotContain(Kernel.Mounts().Must(), mount => mount.Target == mounted);

        var readOnly = Scope.Mount(device, kind, readOnly: true);

        Assert.Contains(new MountEntry(device.Number, readOnly, type, ReadOnly: true), Kernel.Mounts().Must());
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_snapshot_can_be_mounted_beside_its_origin(FileSystemKind kind)
    {
        var (pool, device) = Formatted(kind);
        var origin = Scope.Mount(device, kind);
        Fixture.WriteFile(origin, "shared", [1]);
        Kernel.Suspend(device.Name, freeze: true).Must();
        pool.Snapshot(2, origin: 1);
        Kernel.Resume(device.Name).Must();

        var snapshot = Scope.Mount(pool.Activate(2, Mebibytes), kind);
        Fixture.WriteFile(snapshot, "shared", [2]);
        Fixture.WriteFile(snapshot, "own", [3]);

        Assert.Equal([1], Fixture.ReadFile(origin, "shared"));
        Assert.DoesNotContain("own", Fixture.ListFiles(origin));
        Assert.Equal([2], Fixture.ReadFile(snapshot, "shared"));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_mounted_file_system_grows_to_its_device(FileSystemKind kind)
    {
        var (pool, device) = Formatted(kind);
        var mounted = Scope.Mount(device, kind);
        Fixture.WriteFile(mounted, "kept", [1]);
        var before = Fixture.SizeOf(mounted);
        Kernel.ReloadThin(pool.Thin(1, 2 * Mebibytes)).Must();

        Kernel.Grow(device.Name.Path, kind, mounted).Must();

        Assert.True(Fixture.SizeOf(mounted).Bytes > before.Bytes + ByteSize.MiB(Mebibytes / 2).Bytes);
        Assert.Equal([1], Fixture.ReadFile(mounted, "kept"));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void An_unmounted_file_system_grows_and_is_not_left_mounted(FileSystemKind kind)
    {
        var (pool, device) = Formatted(kind);
        Kernel.ReloadThin(pool.Thin(1, 2 * Mebibytes)).Must();

        Kernel.Grow(device.Name.Path, kind, mountedAt: null).Must();

        Assert.DoesNotContain(Kernel.Mounts().Must(), mount => mount.Device == device.Number);
        Assert.True(Fixture.SizeOf(Scope.Mount(device, kind)) > ByteSize.MiB(Mebibytes + (Mebibytes / 2)));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_file_system_that_fills_its_device_has_grown_already(FileSystemKind kind)
    {
        var (_, device) = Formatted(kind);

        Kernel.Grow(device.Name.Path, kind, mountedAt: null).Must();
        Kernel.Grow(device.Name.Path, kind, Scope.Mount(device, kind)).Must();
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
        var (pool, device) = Formatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);
        var other = pool.CreateActive(2);
        Kernel.Format(other.Name.Path, FileSystemKind.Ext4).Must();

        Kernel.Mount(other.Name.Path, mounted, FileSystemKind.Ext4, readOnly: false).MustBeRefused(KernelFault.Busy);
    }

    [Fact]
    public void A_mount_holds_its_device_open_once()
    {
        var (_, device) = Formatted(FileSystemKind.Ext4);

        var mounted = Scope.Mount(device);

        Eventually.Equal(1u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
        Assert.True(Kernel.Inspect(device.Name.Path).Must().InUse);
        Kernel.Unmount(mounted, detach: false).Must();
        Eventually.Equal(0u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
    }

    [Fact]
    public void A_read_only_device_is_mounted_read_only_or_not_at_all()
    {
        var (pool, device) = Formatted(FileSystemKind.Ext4);
        Kernel.ReloadThin(pool.Thin(1, Mebibytes, readOnly: true)).Must();

        Kernel.Mount(device.Name.Path, Scope.NewMountPath(), FileSystemKind.Ext4, readOnly: false)
            .MustBeRefused(KernelFault.NotPermitted, KernelFault.ReadOnly);

        Assert.Empty(Fixture.ListFiles(Scope.Mount(device, readOnly: true)));
    }

    [Fact]
    public void A_read_only_mount_of_a_snapshot_takes_no_block()
    {
        var (pool, _) = Formatted(FileSystemKind.Ext4);
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        var snapshot = pool.Activate(2, Mebibytes);
        var before = pool.UsedBlocks;

        var mounted = Scope.Mount(snapshot, readOnly: true);
        Fixture.ListFiles(mounted);
        Kernel.Unmount(mounted, detach: false).Must();

        Assert.Equal(before, pool.UsedBlocks);
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
        var (_, device) = Formatted(FileSystemKind.Ext4);
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
        var (_, device) = Formatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);
        Fixture.WriteFile(mounted, "kept", [1]);

        Assert.False(Kernel.Format(device.Name.Path, FileSystemKind.Ext4).Succeeded);

        Kernel.Unmount(mounted, detach: false).Must();
        Assert.Equal([1], Fixture.ReadFile(Scope.Mount(device), "kept"));
    }

    [Fact]
    public void A_formatted_device_tells_what_is_on_it()
    {
        var (pool, ext4) = Formatted(FileSystemKind.Ext4);
        var xfs = pool.CreateActive(2, Mebibytes);
        Assert.Null(Kernel.Inspect(xfs.Name.Path).Must().Signature);
        Kernel.Format(xfs.Name.Path, FileSystemKind.Xfs).Must();

        Assert.Contains("ext4", Kernel.Inspect(ext4.Name.Path).Must().Signature, StringComparison.Ordinal);
        Assert.Contains("xfs", Kernel.Inspect(xfs.Name.Path).Must().Signature, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trim_gives_a_deleted_files_blocks_back()
    {
        var (pool, device) = Formatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);
        Fixture.WriteFile(mounted, "large", ContractPool.Block(7, count: 256));
        Kernel.SyncFileSystem(mounted).Must();
        var full = pool.UsedBlocks;
        Fixture.DeleteFile(mounted, "large");
        Kernel.SyncFileSystem(mounted).Must();
        Assert.Equal(full, pool.UsedBlocks);

        var trimmed = Kernel.Trim(mounted).Must();

        Assert.True(trimmed >= ByteSize.MiB(15));
        Eventually.True(() => pool.UsedBlocks <= full - 240, "16 MiB of blocks are free again");
    }

    [Fact]
    public void Changing_4_KiB_of_a_large_file_copies_only_the_blocks_concerned()
    {
        var (pool, device) = Formatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);
        Fixture.WriteFile(mounted, "large", ContractPool.Block(7, count: 256));
        Kernel.Unmount(mounted, detach: false).Must();
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        mounted = Scope.Mount(pool.Activate(2, Mebibytes));
        Kernel.SyncFileSystem(mounted).Must();
        var before = pool.UsedBlocks;

        Fixture.WriteFile(mounted, "large", new byte[4096], offset: 1 << 20);
        Kernel.SyncFileSystem(mounted).Must();

        // The file's block, and what the file system writes beside it: inode, journal, superblock.
        Assert.InRange(pool.UsedBlocks - before, 1ul, 8ul);
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
        var (_, device) = Formatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);

        Kernel.RemoveDirectory(mounted).MustBeRefused(KernelFault.Busy);

        Kernel.Unmount(mounted, detach: false).Must();
        Kernel.RemoveDirectory(mounted).Must();
    }

    private (ContractPool Pool, LiveDevice Device) Formatted(FileSystemKind kind)
    {
        var pool = Scope.OpenPool(dataMebibytes: 256);
        var device = pool.CreateActive(1, Mebibytes);
        Kernel.Format(device.Name.Path, kind).Must();
        return (pool, device);
    }
}
