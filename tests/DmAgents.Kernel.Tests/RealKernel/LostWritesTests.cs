using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.FileTrees;
using DmAgents.Kernel.Tests.Contract;

namespace DmAgents.Kernel.Tests.RealKernel;

/// <summary>A disk that fails after the writes were taken: the unmount says nothing of it.</summary>
[Trait("Needs", "Kernel")]
public sealed class LostWritesTests : IDisposable
{
    private const string Name = "dmagents-test-lost-writes";
    private const string Device = "/dev/mapper/" + Name;
    private const int Sectors = 131072;

    private readonly string home = Directory.CreateTempSubdirectory("dmagents-lost-").FullName;
    private readonly string loop;

    public LostWritesTests()
    {
        var file = Path.Combine(home, "disk");
        using (var disk = File.Create(file))
            disk.SetLength(Sectors * 512L);
        loop = Programs.Run("/usr/sbin/losetup", "--find", "--show", file);
        Programs.Run("/usr/sbin/dmsetup", "create", Name, "--table", $"0 {Sectors} linear {loop} 0");
        Programs.Run("/usr/sbin/mkfs.ext4", "-q", Device);
        Directory.CreateDirectory(Mount);
        Programs.Run("/bin/mount", Device, Mount);
    }

    private string Mount => Path.Combine(home, "mount");

    public void Dispose()
    {
        if (File.Exists(Device))
            Programs.Run("/usr/sbin/dmsetup", "remove", Name);
        Programs.Run("/usr/sbin/losetup", "--detach", loop);
        Directory.Delete(home, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Are_told_by_the_flush_of_the_tree_and_not_by_the_unmount(bool fails)
    {
        Assert.True(LinuxFileTree.Open(Mount, out var tree).IsDone);
        using (tree)
        {
            var attributes = new EntryAttributes(Owner.Root, new Permissions(0x1A4), null, []);
            Assert.True(tree!.CreateFile(TreePath.Of("file"), attributes, out var file).IsDone);
            using (file)
            {
                Assert.True(file!.Write(new byte[8 << 20], 0).IsDone);
                Assert.True(file.Complete(out _).IsDone);
            }
            if (fails)
            {
                Programs.Run("/usr/sbin/dmsetup", "reload", Name, "--table", $"0 {Sectors} error");
                Programs.Run("/usr/sbin/dmsetup", "suspend", "--nolockfs", "--noflush", Name);
                Programs.Run("/usr/sbin/dmsetup", "resume", Name);
            }

            Assert.Equal(!fails, tree.Flush().IsDone);
        }
        Programs.Run("/bin/umount", Mount);
    }
}
