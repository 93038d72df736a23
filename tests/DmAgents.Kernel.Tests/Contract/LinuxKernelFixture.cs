using System.Buffers.Binary;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.DeviceMapper;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Interop;
using DmAgents.Kernel.Tests.RealKernel;
using DmAgents.Kernel.ThinPools.Metadata;
using DmAgents.Testing.Contracts;

namespace DmAgents.Kernel.Tests.Contract;

/// <summary>The kernel of the lab's guest, under the contract that the simulated one keeps, too.</summary>
internal sealed class LinuxKernelFixture : KernelFixture
{
    /// <summary>A file system of its own: the guest's root is memory, and has no holes to punch.</summary>
    private const string Scratch = "/mnt/contract";

    private static readonly Lazy<LinuxKernel> Host = new(Open);

    public override IKernel Kernel => Host.Value;

    public override DevicePath MetadataDisk => TestDisks.Metadata;

    public override DevicePath DataDisk => TestDisks.Data;

    public override string ScratchDirectory => Scratch;

    public override void WriteFile(MountPath mounted, string name, byte[] bytes, ulong offset = 0)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(mounted, name))!);
        using var file = new FileStream(PathOf(mounted, name), FileMode.OpenOrCreate, FileAccess.Write);
        file.Position = (long)offset;
        file.Write(bytes);
    }

    public override byte[] ReadFile(MountPath mounted, string name) => File.ReadAllBytes(PathOf(mounted, name));

    public override void DeleteFile(MountPath mounted, string name) => File.Delete(PathOf(mounted, name));

    public override IReadOnlyList<string> ListFiles(MountPath mounted) =>
        [.. Directory.EnumerateFileSystemEntries(mounted.Value).Select(entry => Path.GetFileName(entry)!)];

    public override ByteSize SizeOf(MountPath mounted) => new((ulong)new DriveInfo(mounted.Value).TotalSize);

    public override IDisposable HoldDevice(DevicePath device) =>
        DeviceCalls.Open(device.Value, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);

    public override IDisposable HoldMount(MountPath mounted) =>
        new FileStream(PathOf(mounted, "held"), FileMode.Create, FileAccess.Write);

    public override IDisposable MakeVolumeGroup(string name) =>
        new FileVolumeGroup(Host.Value, $"{Scratch}/{name}", name);

    public override IDisposable MakeDiskOfLargeSectors(out DevicePath disk)
    {
        var made = new LargeSectorDisk(Host.Value, $"{Scratch}/large-sectors.img");
        disk = made.Disk;
        return made;
    }

    public override void AttachWithLargeSectors(LoopFile file) =>
        Programs.Run("/usr/sbin/losetup", "--find", "--sector-size", "4096", file.Value);

    /// <summary>Of the agent's features: mkfs.xfs 7.2 has some by itself that Linux 6.1 does not mount.</summary>
    public override void FormatXfsOfOwnSectors(DevicePath device)
    {
        const string Program = "/usr/sbin/mkfs.xfs";
        List<string> arguments =
        [
            .. FileSystemMaker.XfsArguments(
                device, FileSystemFormat.Xfs, FileSystemMaker.VersionIn(Programs.Run(Program, "-V"))),
        ];
        arguments[arguments.IndexOf("-s") + 1] = "size=512";
        Programs.Run(Program, [.. arguments]);
    }

    public override void GiveUnknownFeature(DevicePath device, FileSystemKind kind, bool barsReading)
    {
        if (kind == FileSystemKind.Ext4)
        {
            Programs.Run("/usr/sbin/debugfs", "-w", "-R",
                $"feature FEATURE_{(barsReading ? 'I' : 'R')}{FeatureContract.Bit}", device.Value);
            return;
        }
        // The bits of the agent's own format, and the new one. "-d": xfs_db itself does not take it either.
        var (word, own) = barsReading ? ("features_incompat", 0x3u) : ("features_ro_compat", 0x5u);
        Programs.Run("/usr/sbin/xfs_db", "-x", "-c", "sb 0", "-c",
            FormattableString.Invariant($"write -d {word} 0x{own | 1u << FeatureContract.Bit:x}"), device.Value);
    }

    public override void LeaveWithoutTable(MappedName name, MappedUuid uuid)
    {
        using var control = DmControl.Open().Value;
        control.Create(name, uuid).Must();
    }

    /// <summary>The root of the tree with the data blocks' bitmaps: data_space_map_root in the superblock, which begins
    /// with two numbers of blocks (kernel: struct disk_sm_root).</summary>
    public override void DamageMetadata(DevicePath metadata)
    {
        var superblock = new byte[BtreeNode.BlockSize];
        Kernel.Read(metadata, ByteSize.Zero, superblock).Must();
        var bitmaps = BinaryPrimitives.ReadUInt64LittleEndian(superblock.AsSpan(64 + 16));
        var noise = new byte[BtreeNode.BlockSize];
        noise.AsSpan().Fill(0xA5);
        Kernel.Write(metadata, new ByteSize(bitmaps * BtreeNode.BlockSize), noise).Must();
    }

    public override void MarkNeedsCheck(DevicePath metadata) => MetadataMark.Set(Kernel, metadata);

    public override KernelResult HoldMetadataSnapshot(MappedName pool)
    {
        using var control = DmControl.Open().Value;
        return control.Message(pool, "reserve_metadata_snap").Outcome;
    }

    private static LinuxKernel Open()
    {
        var kernel = LinuxKernel.Open().Must();
        var disk = TestDisks.Scratch;
        kernel.Format(disk, FileSystemKind.Ext4).Must();
        kernel.Mount(disk, new MountPath(Scratch), FileSystemKind.Ext4, readOnly: false).Must();
        return kernel;
    }

    private static string PathOf(MountPath mounted, string name) => Path.Combine(mounted.Value, name);
}
