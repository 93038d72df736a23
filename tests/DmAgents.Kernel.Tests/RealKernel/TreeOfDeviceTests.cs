using System.Diagnostics;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Domain.Units;
using DmAgents.Images.Changes;
using DmAgents.Images.Exports;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;
using DmAgents.Testing.Contracts;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

/// <summary>Trees that are read from devices which no directory shows, and what blocks say of their files.</summary>
[Trait("Needs", "Kernel")]
public sealed class TreeOfDeviceTests : IDisposable
{
    private const int Large = 3_000_000;

    private static readonly ByteSize Size = ByteSize.MiB(512);

    private readonly PoolFixture _pool = new();
    private readonly MountPath _target = new(Path.Combine(Path.GetTempPath(), $"dmagents-tree-{Guid.NewGuid():N}"));

    private LinuxKernel Kernel => _pool.Kernel;

    private DevicePath Lower => _pool.Thin(1, Size).Name.Path;

    private DevicePath Upper => _pool.Thin(2, Size).Name.Path;

    public void Dispose()
    {
        Kernel.Unmount(_target, detach: true);
        _pool.Dispose();
        if (Directory.Exists(_target.Value))
            Directory.Delete(_target.Value, recursive: true);
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_device_s_tree_is_read_where_no_mount_is_seen_and_ends_with_it(FileSystemKind kind)
    {
        MakeLower(kind);
        Ok(Kernel.ActivateThin(_pool.Thin(1, Size, readOnly: true)));

        using (var tree = Ok(new LinuxFileTrees().OpenDevice(Lower, kind, directory: null)))
        {
            Assert.Contains(FileTreeDigest.Lines(tree), line => line.StartsWith("/d/same file ", StringComparison.Ordinal));
            Assert.DoesNotContain(Ok(Kernel.Mounts()), mount => mount.Target == _target);
            Assert.Equal(
                FileTreeOutcome.ReadOnly, tree.RemoveFile(TreePath.Of("d/same")).Outcome);
            Assert.True(Kernel.Remove(_pool.Thin(1, Size).Name, deferred: false).FailedWith(KernelFault.Busy));
        }
        Ok(Kernel.Remove(_pool.Thin(1, Size).Name, deferred: false));
    }

    [Fact]
    public void A_directory_of_the_file_system_is_the_tree_and_a_symlink_in_its_place_is_none()
    {
        MakeLower(FileSystemKind.Ext4);
        Ok(Kernel.ActivateThin(_pool.Thin(1, Size, readOnly: true)));
        var trees = new LinuxFileTrees();

        using (var tree = Ok(trees.OpenDevice(Lower, FileSystemKind.Ext4, "d")))
            Assert.True(tree.Stat(TreePath.Of("same"), out _).IsDone);

        Assert.True(trees.OpenDevice(Lower, FileSystemKind.Ext4, "none").FailedWith(KernelFault.NotFound));
        Assert.False(trees.OpenDevice(Lower, FileSystemKind.Ext4, "link").Succeeded);
        Assert.True(trees.OpenDevice(Upper, FileSystemKind.Ext4, null).FailedWith(KernelFault.NotFound));
        Ok(Kernel.Remove(_pool.Thin(1, Size).Name, deferred: false));
    }

    /// <summary>Each time and size is as it was: only blocks, or reading, can show what was changed.</summary>
    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void Blocks_prove_what_is_the_same_and_what_they_do_not_prove_is_read(FileSystemKind kind)
    {
        MakeLower(kind);
        ChangeUpper(kind);
        Ok(Kernel.ActivateThin(_pool.Thin(1, Size, readOnly: true)));
        Ok(Kernel.ActivateThin(_pool.Thin(2, Size, readOnly: true)));
        var trees = new LinuxFileTrees();
        var changed = Ok(Kernel.ChangedRanges(_pool.Name, new ThinId(2), new ThinId(1)));

        using var lower = Ok(trees.OpenDevice(Lower, kind, null));
        using var upper = Ok(trees.OpenDevice(Upper, kind, null));
        using var byBlocks = new TreeDifference(lower, upper, new KnownBlocks(changed));
        using var byReading = new TreeDifference(lower, upper, blocks: null);

        string[] expected = ["/d/head", "/d/tail"];
        Assert.Equal(expected.Select(path => $"Changed {path}"), Lines(byBlocks));
        Assert.Equal(expected.Select(path => $"Changed {path}"), Lines(byReading));
        // Of what is the same nothing was read but what shares a pool's block with what was written.
        Assert.InRange(byBlocks.BytesRead, 1, byReading.BytesRead / 5);
    }

    /// <summary>A snapshot of what a file system has on its device at an instant without a freeze is what a power cut
    /// leaves.</summary>
    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void What_was_synced_before_a_power_cut_is_never_left_out(FileSystemKind kind)
    {
        MakeLower(kind);
        Ok(Kernel.ActivateThin(_pool.Thin(1, Size)));
        Ok(Kernel.Mount(Lower, _target, kind, readOnly: false));
        using (var late = File.Create(At("late")))
        {
            late.Write("synced"u8);
            late.Flush(flushToDisk: true);
        }
        Ok(Kernel.Suspend(_pool.Thin(1, Size).Name, freeze: false));
        Ok(Kernel.CreateSnapshot(_pool.Name, new ThinId(2), new ThinId(1)));
        Ok(Kernel.Resume(_pool.Thin(1, Size).Name));
        Down(1);
        Ok(Kernel.CreateSnapshot(_pool.Name, new ThinId(3), new ThinId(2)));
        Ok(Kernel.ActivateThin(_pool.Thin(2, Size, readOnly: true)));
        var replaying = Ok(Kernel.ActivateThin(_pool.Thin(3, Size)));
        var trees = new LinuxFileTrees();

        trees.OpenDevice(Upper, kind, directory: null).MustBeRefused(KernelFault.ReadOnly);
        using (var tree = Ok(trees.OpenDevice(replaying.Name.Path, kind, directory: null)))
        {
            Assert.Contains(FileTreeDigest.Lines(tree), line => line.StartsWith("/late file ", StringComparison.Ordinal));
            Assert.Equal(FileTreeOutcome.ReadOnly, tree.RemoveFile(TreePath.Of("late")).Outcome);
        }
        Ok(Kernel.Remove(replaying.Name, deferred: false));
        Ok(Kernel.Remove(_pool.Thin(2, Size).Name, deferred: false));
    }

    [Fact]
    public void Extents_leave_holes_out_and_say_what_is_only_reserved()
    {
        MakeLower(FileSystemKind.Ext4);
        Ok(Kernel.ActivateThin(_pool.Thin(1, Size, readOnly: true)));
        using var tree = Ok(new LinuxFileTrees().OpenDevice(Lower, FileSystemKind.Ext4, null));
        Assert.True(tree.OpenFile(TreePath.Of("d/sparse"), out var file).IsDone);
        using (file)
        {
            var extent = Assert.Single(file!.Extents()!);
            Assert.Equal((1 << 20, 4096, false), (extent.Offset, extent.Length, extent.IsUnwritten));
        }
        Assert.True(tree.OpenFile(TreePath.Of("d/many"), out file).IsDone);
        using (file)
            Assert.Equal(600, file!.Extents()!.Count);
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_layer_of_a_device_s_tree_comes_out_as_it_was_and_holes_take_no_place_in_it(FileSystemKind kind)
    {
        MakeLower(kind);
        Ok(Kernel.ActivateThin(_pool.Thin(1, Size, readOnly: true)));
        var tar = Path.Combine(Path.GetTempPath(), $"dmagents-tree-{Guid.NewGuid():N}.tar");
        Directory.CreateDirectory(_target.Value);
        using (var tree = Ok(new LinuxFileTrees().OpenDevice(Lower, kind, null)))
        using (var copy = OpenTree(_target.Value))
        {
            using (var output = File.Create(tar))
                LayerTar.Write(null, tree, null, output);
            using (var unpacking = Process.Start("tar", ["-C", _target.Value, "-xpf", tar]))
            {
                unpacking.WaitForExit();
                Assert.Equal(0, unpacking.ExitCode);
            }
            Assert.Equal(FileTreeDigest.Lines(tree), FileTreeDigest.Lines(copy));
        }
        // "sparse" has 8 MiB and "many" 9.8, most of them holes.
        Assert.InRange(new FileInfo(tar).Length, 4 * Large, (4 * Large) + (5 << 20));
        File.Delete(tar);
        Ok(Kernel.Remove(_pool.Thin(1, Size).Name, deferred: false));
    }

    private static LinuxFileTree OpenTree(string path)
    {
        Assert.True(LinuxFileTree.Open(path, out var tree).IsDone);
        return tree!;
    }

    private static List<string> Lines(TreeDifference difference) =>
        [.. difference.Changes().Select(change => $"{change.Kind} {change.Path}")];

    private void MakeLower(FileSystemKind kind)
    {
        _pool.Create(1, Size);
        Ok(Kernel.Format(Lower, kind));
        Ok(Kernel.Mount(Lower, _target, kind, readOnly: false));
        Directory.CreateDirectory(At("d"));
        File.CreateSymbolicLink(At("link"), "d");
        foreach (var name in new[] { "same", "head", "tail", "touched" })
            Write(name, Large);
        using (var sparse = File.Create(At("d/sparse")))
        {
            sparse.SetLength(8 << 20);
            sparse.Position = 1 << 20;
            sparse.Write(new byte[] { 1 });
        }
        using (var many = File.Create(At("d/many")))
        {
            for (var i = 0; i < 600; i++)
            {
                many.Position = i * 16384L;
                many.WriteByte(1);
            }
        }
        Down(1);
    }

    private void ChangeUpper(FileSystemKind kind)
    {
        _pool.Snapshot(2, 1, Size);
        Ok(Kernel.Mount(Upper, _target, kind, readOnly: false));
        // xfs chooses another place for what is written anew only if the file is made anew, too.
        Overwrite("head", 0, 77);
        Overwrite("tail", Large - 1, 77);
        // The same bytes again: another block, and no difference.
        Overwrite("touched", 5000, File.ReadAllBytes(At("d/touched"))[5000]);
        Down(2);
    }

    private void Overwrite(string name, long at, byte value)
    {
        var time = File.GetLastWriteTimeUtc(At($"d/{name}"));
        using (var file = File.OpenWrite(At($"d/{name}")))
        {
            file.Position = at;
            file.WriteByte(value);
        }
        File.SetLastWriteTimeUtc(At($"d/{name}"), time);
    }

    private void Write(string name, int length)
    {
        var bytes = new byte[length];
        new Random(name.Length).NextBytes(bytes);
        (bytes[0], bytes[^1]) = (1, 1);
        File.WriteAllBytes(At($"d/{name}"), bytes);
        // Whole ticks of .NET, so that it can be set again exactly.
        File.SetLastWriteTimeUtc(At($"d/{name}"), DateTime.UnixEpoch.AddDays(1));
    }

    private void Down(uint id)
    {
        Ok(Kernel.Unmount(_target, detach: false));
        Ok(Kernel.Remove(_pool.Thin(id, Size).Name, deferred: false));
    }

    private string At(string path) => Path.Combine(_target.Value, path);
}
