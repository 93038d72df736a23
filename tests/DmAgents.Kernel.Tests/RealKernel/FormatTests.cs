using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Tests.Contract;
using DmAgents.Testing.Contracts;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

/// <summary>File systems that this host's mkfs makes, for us and by itself.</summary>
[Trait("Needs", "Kernel")]
public sealed class FormatTests : IDisposable
{
    private const string Configuration = "/etc/mke2fs.conf";

    private readonly PoolFixture _pool = new();

    private LinuxKernel Kernel => _pool.Kernel;

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void A_hosts_configuration_and_variables_have_no_say_in_an_ext4_file_system()
    {
        var device = Device();
        var before = File.ReadAllText(Configuration);
        try
        {
            // As Debian 13 has it, and more.
            File.WriteAllText(Configuration, """
                [defaults]
                    base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr,project,quota
                    blocksize = 1024
                    inode_size = 512
                [fs_types]
                    ext4 = {
                        features = has_journal,extent,flex_bg,metadata_csum,metadata_csum_seed,64bit,orphan_file,inline_data
                    }
                """);
            Environment.SetEnvironmentVariable("MKE2FS_CONFIG", Configuration);
            Environment.SetEnvironmentVariable("MKE2FS_DEVICE_SECTSIZE", "1024");
            Programs.Run("/usr/sbin/mkfs.ext4", "-q", "-F", device.Value);
            Assert.Contains("orphan_file", Traits(device, FileSystemKind.Ext4).Features);

            Ok(Kernel.Format(device, FileSystemKind.Ext4));
        }
        finally
        {
            File.WriteAllText(Configuration, before);
            Environment.SetEnvironmentVariable("MKE2FS_CONFIG", null);
            Environment.SetEnvironmentVariable("MKE2FS_DEVICE_SECTSIZE", null);
        }
        var made = Traits(device, FileSystemKind.Ext4);
        Assert.Equal("", made.DifferenceTo(FileSystemFormat.Ext4));
        Assert.Empty(made.BeyondOf(FileSystemFormat.Ext4.Since));
        Programs.Run("/usr/sbin/e2fsck", "-f", "-n", device.Value);
    }

    /// <summary>A pool is refused below the least size of its file system: no mkfs may ask for more.</summary>
    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void The_least_size_is_made_and_holds_files_and_one_MiB_less_is_not_made(FileSystemKind kind)
    {
        var (format, place) = (FileSystemFormat.Of(kind), new MountPath("/tmp/dmagents-test-least"));
        var least = _pool.Create(1, format.Least).Name.Path;
        var less = _pool.Create(2, format.Least - ByteSize.MiB(1)).Name.Path;

        Ok(Kernel.Format(least, kind));

        Assert.Equal("", Traits(least, kind).DifferenceTo(format));
        Ok(Kernel.Mount(least, place, kind, readOnly: false));
        File.WriteAllBytes($"{place}/file", new byte[1 << 20]);
        Ok(Kernel.SyncFileSystem(place));
        Ok(Kernel.Unmount(place, detach: false));
        string[] check = kind == FileSystemKind.Ext4 ? ["e2fsck", "-f", "-n"] : ["xfs_repair", "-n"];
        Programs.Run($"/usr/sbin/{check[0]}", [.. check[1..], least.Value]);
        Kernel.Format(less, kind).MustBeRefused(KernelFault.Failed, KernelFault.NotSupported);
    }

    [Fact]
    public void What_mkfs_xfs_makes_by_itself_is_told_with_the_kernels_that_do_not_take_it()
    {
        var device = Device();
        Programs.Run("/usr/sbin/mkfs.xfs", "-q", "-f", "-K", device.Value);

        var own = Traits(device, FileSystemKind.Xfs);
        Ok(Kernel.Format(device, FileSystemKind.Xfs));
        var made = Traits(device, FileSystemKind.Xfs);

        Assert.Equal(new ByteSize(512), own.Unit);
        Assert.Contains(
            new UnknownFeature("bigtime", new KernelVersion(5, 10), BarsReading: true),
            own.BeyondOf(new KernelVersion(5, 6)));
        Assert.Empty(made.BeyondOf(FileSystemFormat.Xfs.Since));
        Programs.Run("/usr/sbin/xfs_repair", "-n", device.Value);
    }

    [Fact]
    public void A_mount_that_larger_sectors_prevent_says_so()
    {
        using var large = new LargeSectorDisk(Kernel, "/tmp/dmagents-test-sectors.img");
        Programs.Run("/usr/sbin/losetup", "--detach", large.Disk.Value);
        Programs.Run("/usr/sbin/mkfs.xfs", "-q", "-f", "-K", "-s", "size=512", "/tmp/dmagents-test-sectors.img");
        Programs.Run(
            "/usr/sbin/losetup", "--sector-size", "4096", large.Disk.Value, "/tmp/dmagents-test-sectors.img");

        var refused = Kernel.Mount(
            large.Disk, new MountPath("/tmp/dmagents-test-mount"), FileSystemKind.Xfs, readOnly: false);

        Assert.Contains("made for sectors of 512 B at most, and the device has 4 KiB", refused.Error!.ToString(),
            StringComparison.Ordinal);
    }

    private DevicePath Device()
    {
        Ok(Kernel.CreateThin(_pool.Name, new ThinId(1)));
        return Ok(Kernel.ActivateThin(_pool.Thin(1, ByteSize.MiB(512)))).Name.Path;
    }

    private FileSystemTraits Traits(DevicePath device, FileSystemKind kind) => Ok(Kernel.Traits(device, kind));
}
