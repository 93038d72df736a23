using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using DmAgents.Kernel.FileSystems;

namespace DmAgents.Kernel.Tests.FileSystems;

/// <summary>What mkfs is told, by what it knows.</summary>
public sealed class FileSystemMakerTests
{
    private static readonly DevicePath Device = new("/dev/test");

    [Theory]
    [InlineData("5.9.0", "", "", "")]
    [InlineData("5.10.0", ",bigtime=0,inobtcount=0", "", "")]
    [InlineData("6.1.0", ",bigtime=0,inobtcount=0", ",nrext64=0", "")]
    [InlineData("6.13.0", ",bigtime=0,inobtcount=0,metadir=0", ",nrext64=0,exchange=0", ",parent=0")]
    [InlineData("7.2.0", ",bigtime=0,inobtcount=0,metadir=0", ",nrext64=0,exchange=0", ",parent=0")]
    public void What_a_version_of_mkfs_xfs_would_switch_on_is_switched_off(
        string version, string metadata, string inodes, string names)
    {
        var arguments = FileSystemMaker.XfsArguments(Device, FileSystemFormat.Xfs, Version.Parse(version)).ToList();

        Assert.Contains($"crc=1,finobt=1,reflink=1,rmapbt=0{metadata}", arguments);
        Assert.Contains($"size=512,sparse=1{inodes}", arguments);
        Assert.Contains($"size=4096,ftype=1{names}", arguments);
    }

    [Theory]
    [InlineData("mkfs.xfs version 6.1.0\n", "6.1.0")]
    [InlineData("mkfs.xfs version 6.13.0-rc1\n", "6.13.0")]
    [InlineData("no version at all", "0.0")]
    public void The_version_of_mkfs_xfs_is_read_from_its_own_words(string text, string version) =>
        Assert.Equal(Version.Parse(version), FileSystemMaker.VersionIn(text));

    [Fact]
    public void No_feature_of_ext4_is_left_to_a_configuration()
    {
        var arguments = FileSystemMaker.Ext4Arguments(Device, FileSystemFormat.Ext4, ByteSize.GiB(1)).ToList();

        Assert.StartsWith("none,", arguments[arguments.IndexOf("-O") + 1], StringComparison.Ordinal);
        Assert.Equal("16384", arguments[arguments.IndexOf("-i") + 1]);
        Assert.Equal("/nonexistent/mke2fs.conf", FileSystemMaker.MakeExt4.Environment!["MKE2FS_CONFIG"]);
    }

    [Fact]
    public void Bits_of_a_superblock_are_named_and_those_without_a_name_are_counted()
    {
        var block = new byte[4096];
        var super = block.AsSpan(1024);
        (super[56], super[57], super[24]) = (0x53, 0xEF, 0);
        // orphan_file and bit 30; filetype and the state needs_recovery; the state orphan_present.
        (super[93], super[95], super[96], super[102]) = (0x10, 0x40, 0x06, 0x01);

        var traits = SuperblockFeatures.Read(block, FileSystemKind.Ext4)!;

        Assert.Equal(["compat_bit_30", "filetype", "orphan_file"], traits.Features);
        Assert.Equal(ByteSize.KiB(1), traits.Unit);
        Assert.Null(SuperblockFeatures.Read(block, FileSystemKind.Xfs));
    }
}
