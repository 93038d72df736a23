using DmAgents.Domain.Ports;
using DmAgents.Kernel.FileSystems;

namespace DmAgents.Kernel.Tests.FileSystems;

public sealed class MountInfoTests
{
    [Theory]
    [InlineData("36 35 254:3 / /mnt rw,noatime - ext4 /dev/mapper/x rw,errors=continue", "/mnt", "ext4", false)]
    [InlineData("36 35 254:3 /sub /mnt rw master:1 shared:7 - xfs /dev/mapper/x rw", "/mnt", "xfs", false)]
    [InlineData("36 35 254:3 / /mnt ro - ext4 /dev/x rw", "/mnt", "ext4", true)]
    [InlineData("36 35 254:3 / /mnt rw - ext4 /dev/x ro", "/mnt", "ext4", true)]
    [InlineData("36 35 254:3 / /mnt rw - ext4 /dev/x rw,emergency_ro", "/mnt", "ext4", true)]
    [InlineData("36 35 254:3 / /mnt rw,relatime - ext4 /dev/x rw,errors=remount-ro", "/mnt", "ext4", false)]
    [InlineData(@"36 35 254:3 / /a\040b\011c\012d\134e rw - ext4 x rw", "/a b\tc\nd\\e", "ext4", false)]
    [InlineData(@"36 35 254:3 / /caf\303\251 rw - ext4 x rw", "/café", "ext4", false)]
    [InlineData(@"36 35 254:3 / /odd\9 rw - ext4 x rw", @"/odd\9", "ext4", false)]
    [InlineData("36 35 254:3 / / rw - ext4 x rw", "/", "ext4", false)]
    public void A_line_is_read(string line, string target, string type, bool readOnly) =>
        Assert.Equal(new MountEntry(new(254, 3), new(target), type, readOnly), MountInfo.Parse(line));

    [Theory]
    [InlineData("")]
    [InlineData("36 35 254:3 / /mnt rw")]
    [InlineData("36 35 254:3 / /mnt rw - ext4 x")]
    [InlineData("36 35 x / /mnt rw - ext4 x rw")]
    [InlineData("36 35 0:4 net:[4026531840] net rw - nsfs nsfs rw")]
    public void What_is_no_mount_in_the_tree_is_not_read_as_one(string line) => Assert.Null(MountInfo.Parse(line));

    [Fact]
    public void The_machines_own_mounts_are_read()
    {
        var mounts = MountInfo.ParseAll(File.ReadAllText("/proc/self/mountinfo"));

        Assert.Contains(mounts, mount => mount is { Target.Value: "/proc", Type: "proc" });
    }
}
