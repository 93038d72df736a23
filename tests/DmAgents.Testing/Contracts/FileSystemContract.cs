using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Making, mounting and growing file systems.</summary>
public abstract class FileSystemContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void Files_survive_unmounting(FileSystemKind kind)
    {
        var (_, device) = Scope.OpenFormatted(kind);
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
        var (_, device) = Scope.OpenFormatted(kind);
        var mounted = Scope.Mount(device, kind);
        Assert.Empty(Fixture.ListFiles(mounted));
        Fixture.WriteFile(mounted, "old", [1]);
        Kernel.Unmount(mounted, detach: false).Must();

        Kernel.Format(device.Name.Path, kind).Must();

        Assert.Empty(Fixture.ListFiles(Scope.Mount(device, kind)));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void Each_file_is_an_inode_in_use_once_it_is_unmounted(FileSystemKind kind)
    {
        var (_, device) = Scope.OpenFormatted(kind);
        var empty = Kernel.UsedInodes(device.Name.Path, kind).Must();
        var mounted = Scope.Mount(device, kind);
        for (var i = 0; i < 3; i++)
            Fixture.WriteFile(mounted, $"file{i}", [1]);
        Kernel.Unmount(mounted, detach: false).Must();

        Assert.Equal(empty + 3, Kernel.UsedInodes(device.Name.Path, kind).Must());
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void Its_features_and_unit_are_those_of_its_format(FileSystemKind kind)
    {
        var (_, device) = Scope.OpenFormatted(kind);
        var format = FileSystemFormat.Of(kind);

        var made = Kernel.Traits(device.Name.Path, kind).Must();

        Assert.Equal("", made.DifferenceTo(format));
        Assert.Equal((kind, format.LargestSector), (made.Kind, made.Unit));
        // Nor does a mount add any.
        Kernel.Unmount(Scope.Mount(device, kind), detach: false).Must();
        Assert.Equal("", Kernel.Traits(device.Name.Path, kind).Must().DifferenceTo(format));
        Kernel.Traits(device.Name.Path, kind == FileSystemKind.Xfs ? FileSystemKind.Ext4 : FileSystemKind.Xfs)
            .MustBeRefused(KernelFault.Invalid);
    }

    [Fact]
    public void Inodes_of_another_file_system_or_of_none_are_not_counted()
    {
        var (pool, device) = Scope.OpenFormatted(FileSystemKind.Ext4);

        Kernel.UsedInodes(device.Name.Path, FileSystemKind.Xfs).MustBeRefused(KernelFault.Invalid);
        Kernel.UsedInodes(pool.CreateActive(7).Name.Path, FileSystemKind.Ext4).MustBeRefused(KernelFault.Invalid);
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_snapshot_can_be_mounted_beside_its_origin(FileSystemKind kind)
    {
        var (pool, device) = Scope.OpenFormatted(kind);
        var origin = Scope.Mount(device, kind);
        Fixture.WriteFile(origin, "shared", [1]);
        Kernel.Suspend(device.Name, freeze: true).Must();
        pool.Snapshot(2, origin: 1);
        Kernel.Resume(device.Name).Must();

        var snapshot = Scope.Mount(pool.Activate(2, ContractScope.FormattedMebibytes), kind);
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
        var (pool, device) = Scope.OpenFormatted(kind);
        var mounted = Scope.Mount(device, kind);
        Fixture.WriteFile(mounted, "kept", [1]);
        var before = Fixture.SizeOf(mounted);
        Kernel.ReloadThin(pool.Thin(1, 2 * ContractScope.FormattedMebibytes)).Must();

        Kernel.Grow(device.Name.Path, kind, mounted).Must();

        Assert.True(
            Fixture.SizeOf(mounted).Bytes > before.Bytes + ByteSize.MiB(ContractScope.FormattedMebibytes / 2).Bytes);
        Assert.Equal([1], Fixture.ReadFile(mounted, "kept"));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void An_unmounted_file_system_grows_and_is_not_left_mounted(FileSystemKind kind)
    {
        var (pool, device) = Scope.OpenFormatted(kind);
        Kernel.ReloadThin(pool.Thin(1, 2 * ContractScope.FormattedMebibytes)).Must();

        Kernel.Grow(device.Name.Path, kind, mountedAt: null).Must();

        Assert.DoesNotContain(Kernel.Mounts().Must(), mount => mount.Device == device.Number);
        Assert.True(Fixture.SizeOf(Scope.Mount(device, kind))
            > ByteSize.MiB(ContractScope.FormattedMebibytes + (ContractScope.FormattedMebibytes / 2)));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_file_system_that_fills_its_device_has_grown_already(FileSystemKind kind)
    {
        var (_, device) = Scope.OpenFormatted(kind);

        Kernel.Grow(device.Name.Path, kind, mountedAt: null).Must();
        Kernel.Grow(device.Name.Path, kind, Scope.Mount(device, kind)).Must();
    }

    [Fact]
    public void A_formatted_device_tells_what_is_on_it()
    {
        var (pool, ext4) = Scope.OpenFormatted(FileSystemKind.Ext4);
        var xfs = pool.CreateActive(2, ContractScope.FormattedMebibytes);
        Assert.Null(Kernel.Inspect(xfs.Name.Path).Must().Signature);
        Kernel.Format(xfs.Name.Path, FileSystemKind.Xfs).Must();

        Assert.Contains("ext4", Kernel.Inspect(ext4.Name.Path).Must().Signature, StringComparison.Ordinal);
        Assert.Contains("xfs", Kernel.Inspect(xfs.Name.Path).Must().Signature, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trim_gives_a_deleted_files_blocks_back()
    {
        var (pool, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);
        Fixture.WriteFile(mounted, "large", ContractPool.Block(7, count: 256));
        Kernel.SyncFileSystem(mounted).Must();
        var full = pool.UsedBlocks;
        Fixture.DeleteFile(mounted, "large");
        Kernel.SyncFileSystem(mounted).Must();
        Assert.Equal(full, pool.UsedBlocks);

        var trimmed = Kernel.Trim(mounted, ByteSize.Zero, new ByteSize(ulong.MaxValue)).Must();

        Assert.True(trimmed >= ByteSize.MiB(15));
        Eventually.True(() => pool.UsedBlocks <= full - 240, "16 MiB of blocks are free again");
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_file_system_is_trimmed_range_by_range_up_to_its_end(FileSystemKind kind)
    {
        var (pool, device) = Scope.OpenFormatted(kind);
        var mounted = Scope.Mount(device, kind);
        Fixture.WriteFile(mounted, "large", ContractPool.Block(7, count: 256));
        Kernel.SyncFileSystem(mounted).Must();
        var full = pool.UsedBlocks;
        Fixture.DeleteFile(mounted, "large");
        Kernel.SyncFileSystem(mounted).Must();

        var trimmed = ByteSize.Zero;
        for (var start = ByteSize.Zero; start < device.Length.Bytes; start += ByteSize.MiB(128))
            trimmed += Kernel.Trim(mounted, start, ByteSize.MiB(128)).Must();

        Assert.True(trimmed >= ByteSize.MiB(15));
        // xfs hands a free extent down whole with each range that touches it, and frees deleted files' blocks later.
        if (kind == FileSystemKind.Ext4)
        {
            Assert.True(trimmed <= device.Length.Bytes);
            Eventually.True(() => pool.UsedBlocks <= full - 240, "16 MiB of blocks are free again");
        }
        Kernel.Trim(mounted, device.Length.Bytes + ByteSize.GiB(1), ByteSize.MiB(128))
            .MustBeRefused(KernelFault.Invalid);
    }

    [Fact]
    public void Changing_4_KiB_of_a_large_file_copies_only_the_blocks_concerned()
    {
        var (pool, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        var mounted = Scope.Mount(device);
        Fixture.WriteFile(mounted, "large", ContractPool.Block(7, count: 256));
        Kernel.Unmount(mounted, detach: false).Must();
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        mounted = Scope.Mount(pool.Activate(2, ContractScope.FormattedMebibytes));
        Kernel.SyncFileSystem(mounted).Must();
        var before = pool.UsedBlocks;

        Fixture.WriteFile(mounted, "large", new byte[4096], offset: 1 << 20);
        Kernel.SyncFileSystem(mounted).Must();

        // The file's block, and what the file system writes beside it: inode, journal, superblock.
        Assert.InRange(pool.UsedBlocks - before, 1ul, 8ul);
    }
}
