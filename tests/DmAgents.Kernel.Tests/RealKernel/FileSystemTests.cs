using System.Diagnostics;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Testing.Contracts;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

[Trait("Needs", "Kernel")]
public sealed class FileSystemTests : IDisposable
{
    private static readonly ByteSize Size = ByteSize.MiB(512);

    private readonly PoolFixture _pool = new();
    private readonly MountPath _target = new(Path.Combine(Path.GetTempPath(), $"dmagents-test-{Guid.NewGuid():N}/a/b"));

    private LinuxKernel Kernel => _pool.Kernel;

    public void Dispose()
    {
        _pool.Dispose();
        var folder = Path.GetFullPath(Path.Combine(_target.Value, "../.."));
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4, "ext4")]
    [InlineData(FileSystemKind.Xfs, "xfs")]
    public void A_new_file_system_is_empty_and_its_root_is_readable_for_all(FileSystemKind kind, string type)
    {
        var device = Formatted(kind);
        Assert.Equal($"{type} file system", Ok(Kernel.Inspect(device.Name.Path)).Signature);

        Ok(Kernel.Mount(device.Name.Path, _target, kind, readOnly: false));

        Assert.Empty(Directory.EnumerateFileSystemEntries(_target.Value));
        Assert.Equal(Convert.ToInt32("755", 8), (int)File.GetUnixFileMode(_target.Value));
        var mount = Assert.Single(Ok(Kernel.Mounts()), mount => mount.Target == _target);
        Assert.Equal(new MountEntry(device.Number, _target, type, ReadOnly: false), mount);
        Assert.True(Ok(Kernel.Inspect(device.Name.Path)).InUse);
        Ok(Kernel.Unmount(_target, detach: false));
        Check(kind, device.Name);
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_snapshot_mounts_beside_its_origin(FileSystemKind kind)
    {
        var origin = Formatted(kind);
        Ok(Kernel.Mount(origin.Name.Path, _target, kind, readOnly: false));
        File.WriteAllText(Path.Combine(_target.Value, "file"), "of the origin");
        Ok(Kernel.Suspend(origin.Name, freeze: true));
        Ok(Kernel.CreateSnapshot(_pool.Name, new ThinId(2), new ThinId(1)));
        Ok(Kernel.Resume(origin.Name));
        var snapshot = Ok(Kernel.ActivateThin(_pool.Thin(2, Size)));
        var beside = new MountPath(_target.Value + "2");

        Ok(Kernel.Mount(snapshot.Name.Path, beside, kind, readOnly: true));

        Assert.Equal("of the origin", File.ReadAllText(Path.Combine(beside.Value, "file")));
        Assert.True(Ok(Kernel.Mounts()).Single(mount => mount.Target == beside).ReadOnly);
        Assert.Throws<IOException>(() => File.WriteAllText(Path.Combine(beside.Value, "new"), ""));
        Ok(Kernel.Unmount(beside, detach: false));
        Ok(Kernel.Unmount(_target, detach: false));
    }

    /// <summary>A freeze leaves ext4 with nothing to replay, but xfs with its log to be read at the next mount; without
    /// one, both have a log.</summary>
    [Theory]
    [InlineData(FileSystemKind.Ext4, true)]
    [InlineData(FileSystemKind.Ext4, false)]
    [InlineData(FileSystemKind.Xfs, true)]
    [InlineData(FileSystemKind.Xfs, false)]
    public void A_read_only_device_mounts_read_only_also_where_its_log_cannot_be_replayed(
        FileSystemKind kind, bool freeze)
    {
        var origin = Formatted(kind);
        Ok(Kernel.Mount(origin.Name.Path, _target, kind, readOnly: false));
        File.WriteAllText(Path.Combine(_target.Value, "file"), "of the origin");
        Ok(Kernel.SyncFileSystem(_target));
        File.WriteAllText(Path.Combine(_target.Value, "late"), "perhaps in the log alone");
        Ok(Kernel.Suspend(origin.Name, freeze));
        Ok(Kernel.CreateSnapshot(_pool.Name, new ThinId(2), new ThinId(1)));
        Ok(Kernel.Resume(origin.Name));
        Ok(Kernel.Unmount(_target, detach: false));
        var snapshot = Ok(Kernel.ActivateThin(_pool.Thin(2, Size, readOnly: true)));

        Kernel.Mount(snapshot.Name.Path, _target, kind, readOnly: false)
            .MustBeRefused(KernelFault.NotPermitted, KernelFault.ReadOnly);
        Ok(Kernel.Mount(snapshot.Name.Path, _target, kind, readOnly: true));

        _ = Directory.GetFileSystemEntries(_target.Value);
        Assert.True(Ok(Kernel.Mounts()).Single(mount => mount.Target == _target).ReadOnly);
        Ok(Kernel.Unmount(_target, detach: false));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_file_system_grows_mounted_and_unmounted(FileSystemKind kind)
    {
        var device = Formatted(kind);
        Ok(Kernel.Mount(device.Name.Path, _target, kind, readOnly: false));
        Ok(Kernel.ReloadThin(_pool.Thin(1, ByteSize.MiB(768))));
        Ok(Kernel.Grow(device.Name.Path, kind, _target));
        Ok(Kernel.Grow(device.Name.Path, kind, _target));
        Assert.InRange(Capacity().Bytes, ByteSize.MiB(660).Bytes, ByteSize.MiB(768).Bytes);
        Ok(Kernel.Unmount(_target, detach: false));

        Ok(Kernel.ReloadThin(_pool.Thin(1, ByteSize.GiB(1))));
        Ok(Kernel.Grow(device.Name.Path, kind, mountedAt: null));

        Assert.Equal(0u, Ok(Kernel.Find(device.Name)).OpenCount);
        Check(kind, device.Name);
        Ok(Kernel.Mount(device.Name.Path, _target, kind, readOnly: false));
        Assert.InRange(Capacity().Bytes, ByteSize.MiB(900).Bytes, ByteSize.GiB(1).Bytes);
        Ok(Kernel.Unmount(_target, detach: false));
    }

    [Fact]
    public void An_xfs_that_is_full_gives_up_instead_of_hanging()
    {
        var device = Formatted(FileSystemKind.Xfs);

        Ok(Kernel.Mount(device.Name.Path, _target, FileSystemKind.Xfs, readOnly: false));

        var node = Path.GetFileName(Ok(BlockNodes.NodeOf(device.Number)).Value);
        Assert.Equal("0\n", File.ReadAllText($"/sys/fs/xfs/{node}/error/metadata/ENOSPC/max_retries"));
        Ok(Kernel.Unmount(_target, detach: false));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_trim_after_a_deletion_gives_the_blocks_back(FileSystemKind kind)
    {
        var device = Formatted(kind);
        Ok(Kernel.Mount(device.Name.Path, _target, kind, readOnly: false));
        Ok(Kernel.Trim(_target, ByteSize.Zero, new ByteSize(ulong.MaxValue)));
        var before = Ok(Kernel.PoolStatus(_pool.Name)).Data.Used;
        var file = Path.Combine(_target.Value, "large");
        File.WriteAllBytes(file, new byte[32 << 20]);
        Ok(Kernel.SyncFileSystem(_target));
        Assert.InRange(Ok(Kernel.PoolStatus(_pool.Name)).Data.Used, before + 500, before + 600);

        File.Delete(file);

        // xfs frees the blocks of deleted files a moment later, in the background.
        Eventually.True(() => UsedAfterTrim() <= before + 50, "the blocks are free");
        Ok(Kernel.Unmount(_target, detach: false));
    }

    [Fact]
    public void Reading_writes_nothing()
    {
        var device = Formatted(FileSystemKind.Ext4);
        Ok(Kernel.Mount(device.Name.Path, _target, FileSystemKind.Ext4, readOnly: false));
        File.WriteAllText(Path.Combine(_target.Value, "file"), "content");
        File.WriteAllText(Path.Combine(_target.Value, "other"), "");
        Ok(Kernel.Unmount(_target, detach: false));
        Ok(Kernel.Remove(device.Name, deferred: false));
        var snapshot = _pool.Snapshot(2, origin: 1, Size);
        Ok(Kernel.Mount(snapshot.Name.Path, _target, FileSystemKind.Ext4, readOnly: false));
        // The first open of all makes ext4 note in its superblock where it is mounted.
        Assert.Empty(File.ReadAllText(Path.Combine(_target.Value, "other")));
        Ok(Kernel.SyncFileSystem(_target));
        var before = Ok(Kernel.PoolStatus(_pool.Name)).Data.Used;

        Assert.Equal("content", File.ReadAllText(Path.Combine(_target.Value, "file")));
        Ok(Kernel.SyncFileSystem(_target));

        Assert.Equal(before, Ok(Kernel.PoolStatus(_pool.Name)).Data.Used);
        Ok(Kernel.Unmount(_target, detach: false));
    }

    [Fact]
    public void Mounts_refuse_what_would_hide_or_lose_something()
    {
        var device = Formatted(FileSystemKind.Ext4);
        var other = _pool.Create(2, Size);
        Ok(Kernel.Format(other.Name.Path, FileSystemKind.Ext4));
        Ok(Kernel.Mount(device.Name.Path, _target, FileSystemKind.Ext4, readOnly: false));

        Assert.True(Kernel.Mount(other.Name.Path, _target, FileSystemKind.Ext4, readOnly: false)
            .FailedWith(KernelFault.Busy));
        Assert.True(Kernel.RemoveDirectory(_target).FailedWith(KernelFault.Busy));
        using (File.Create(Path.Combine(_target.Value, "open")))
        {
            Assert.True(Kernel.Unmount(_target, detach: false).FailedWith(KernelFault.Busy));
            Assert.Contains(Ok(Kernel.Holders(device)),
                holder => holder is { What: "mount", ProcessId: > 0 } && holder.Where == _target.Value);
            Ok(Kernel.Unmount(_target, detach: true));
            Assert.True(Kernel.Remove(device.Name, deferred: false).FailedWith(KernelFault.Busy));
        }

        Ok(Kernel.Remove(device.Name, deferred: false));
        Assert.True(Kernel.Unmount(_target, detach: false).FailedWith(KernelFault.Invalid));
        Ok(Kernel.RemoveDirectory(_target));
        Ok(Kernel.RemoveDirectory(_target));
        Ok(Kernel.EnsureDirectory(_target));
        Ok(Kernel.EnsureDirectory(_target));
    }

    [Fact]
    public void A_device_without_a_file_system_does_not_mount()
    {
        var device = _pool.Create(1, Size);

        var refused = Kernel.Mount(device.Name.Path, _target, FileSystemKind.Ext4, readOnly: false);

        Assert.True(refused.FailedWith(KernelFault.Invalid), refused.ToString());
        Assert.True(Kernel.Format(new("/dev/mapper/dmagents-test-none"), FileSystemKind.Ext4)
            .FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void A_device_that_is_too_small_for_a_file_system_gets_the_programs_own_words()
    {
        var device = _pool.Create(1, ByteSize.MiB(16));

        var refused = Kernel.Format(device.Name.Path, FileSystemKind.Xfs);

        Assert.True(refused.FailedWith(KernelFault.Failed), refused.ToString());
        // "MiB" since mkfs.xfs 7.
        Assert.Matches("larger than 300Mi?B", refused.Error!.Detail);
    }

    private LiveDevice Formatted(FileSystemKind kind)
    {
        var device = _pool.Create(1, Size);
        Ok(Kernel.Format(device.Name.Path, kind));
        Assert.Equal(0u, Ok(Kernel.Find(device.Name)).OpenCount);
        return device;
    }

    private ulong UsedAfterTrim()
    {
        Ok(Kernel.SyncFileSystem(_target));
        Assert.True(Ok(Kernel.Trim(_target, ByteSize.Zero, new ByteSize(ulong.MaxValue))) > ByteSize.Zero);
        return Ok(Kernel.PoolStatus(_pool.Name)).Data.Used;
    }

    private ByteSize Capacity() => new((ulong)new DriveInfo(_target.Value).TotalSize);

    /// <summary>The file system's own checker finds nothing to say.</summary>
    private static void Check(FileSystemKind kind, MappedName device)
    {
        string[] arguments = kind == FileSystemKind.Ext4
            ? ["/usr/sbin/e2fsck", "-f", "-n", device.Path.Value]
            : ["/usr/sbin/xfs_repair", "-n", device.Path.Value];
        using var process = Process.Start(new ProcessStartInfo(arguments[0], arguments[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
    }
}
