using System.Runtime.InteropServices;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.DeviceMapper;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.Tests.Interop;

/// <summary>Sizes and offsets are those that a C compiler finds in the kernel's headers.</summary>
public sealed class StructLayoutTests
{
    [Theory]
    [InlineData(typeof(DmIoctl), 312)]
    [InlineData(typeof(FileStatus), 256)]
    [InlineData(typeof(FileSystemStatus), 120)]
    [InlineData(typeof(TrimRange), 24)]
    [InlineData(typeof(PollEntry), 8)]
    [InlineData(typeof(LoopInfo), 232)]
    [InlineData(typeof(LoopConfig), 304)]
    [InlineData(typeof(XfsGeometryV1), 112)]
    [InlineData(typeof(XfsGrowth), 16)]
    public void A_struct_has_the_headers_size(Type type, int size) => Assert.Equal(size, Marshal.SizeOf(type));

    [Theory]
    [InlineData(typeof(DmIoctl), nameof(DmIoctl.DataSize), 12)]
    [InlineData(typeof(DmIoctl), nameof(DmIoctl.DataStart), 16)]
    [InlineData(typeof(DmIoctl), nameof(DmIoctl.TargetCount), 20)]
    [InlineData(typeof(DmIoctl), nameof(DmIoctl.OpenCount), 24)]
    [InlineData(typeof(DmIoctl), nameof(DmIoctl.Flags), 28)]
    [InlineData(typeof(DmIoctl), nameof(DmIoctl.EventNumber), 32)]
    [InlineData(typeof(DmIoctl), nameof(DmIoctl.Device), 40)]
    [InlineData(typeof(DmIoctl), nameof(DmIoctl.Name), 48)]
    [InlineData(typeof(DmIoctl), nameof(DmIoctl.Uuid), 176)]
    [InlineData(typeof(DmIoctl), nameof(DmIoctl.Data), 305)]
    [InlineData(typeof(FileStatus), nameof(FileStatus.Attributes), 8)]
    [InlineData(typeof(FileStatus), nameof(FileStatus.Mode), 28)]
    [InlineData(typeof(FileStatus), nameof(FileStatus.Inode), 32)]
    [InlineData(typeof(FileStatus), nameof(FileStatus.Size), 40)]
    [InlineData(typeof(FileStatus), nameof(FileStatus.Blocks), 48)]
    [InlineData(typeof(FileStatus), nameof(FileStatus.AttributesMask), 56)]
    [InlineData(typeof(FileStatus), nameof(FileStatus.NodeMajor), 128)]
    [InlineData(typeof(FileStatus), nameof(FileStatus.DeviceMajor), 136)]
    [InlineData(typeof(FileSystemStatus), nameof(FileSystemStatus.BlockSize), 8)]
    [InlineData(typeof(FileSystemStatus), nameof(FileSystemStatus.BlocksAvailable), 32)]
    [InlineData(typeof(LoopInfo), nameof(LoopInfo.Inode), 8)]
    [InlineData(typeof(LoopInfo), nameof(LoopInfo.Number), 40)]
    [InlineData(typeof(LoopInfo), nameof(LoopInfo.Flags), 52)]
    [InlineData(typeof(LoopInfo), nameof(LoopInfo.FileName), 56)]
    [InlineData(typeof(LoopConfig), nameof(LoopConfig.Info), 8)]
    [InlineData(typeof(XfsGeometryV1), nameof(XfsGeometryV1.InodePercent), 28)]
    [InlineData(typeof(XfsGeometryV1), nameof(XfsGeometryV1.DataBlocks), 32)]
    [InlineData(typeof(XfsGrowth), nameof(XfsGrowth.InodePercent), 8)]
    public void A_field_lies_where_the_header_has_it(Type type, string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf(type, field));

    [Fact]
    public void Ioctl_numbers_follow_the_kernels_formula()
    {
        // _IOWR(0xfd, nr, struct dm_ioctl): direction 3 in the top two bits, then 14 bits of size, type, number.
        foreach (var command in Enum.GetValues<DmCommand>())
            Assert.Equal((3u << 30) | (312u << 16) | (0xFDu << 8), (uint)command & ~0xFFu);
        Assert.Equal(0xC138FD00u, (uint)DmCommand.Version);
        Assert.Equal(0xC138FD03u, (uint)DmCommand.DeviceCreate);
        Assert.Equal(0xC138FD0Eu, (uint)DmCommand.TargetMessage);
        Assert.Equal(0xC138FD10u, (uint)DmCommand.ArmPoll);
    }
}
