using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmAgents.Kernel.Interop.FileTrees;

namespace DmAgents.Kernel.Tests.FileTrees;

/// <summary>Sizes and offsets of linux/openat2.h, linux/stat.h, linux/fiemap.h and time.h.</summary>
public sealed class FileStructTests
{
    [Fact]
    public void Structs_have_the_sizes_of_the_headers()
    {
        Assert.Equal(24, Unsafe.SizeOf<OpenHow>());
        Assert.Equal(16, Unsafe.SizeOf<TimeSpec>());
        Assert.Equal(256, Unsafe.SizeOf<Statx>());
        Assert.Equal(32, Unsafe.SizeOf<FileMap>());
        Assert.Equal(56, Unsafe.SizeOf<FileMapExtent>());
    }

    [Theory]
    [InlineData(nameof(Statx.Links), 16)]
    [InlineData(nameof(Statx.Mode), 28)]
    [InlineData(nameof(Statx.Inode), 32)]
    [InlineData(nameof(Statx.Size), 40)]
    [InlineData(nameof(Statx.ModifiedSeconds), 112)]
    [InlineData(nameof(Statx.ModifiedNanoseconds), 120)]
    [InlineData(nameof(Statx.DeviceMajor), 128)]
    public void Fields_of_statx_lie_where_the_header_has_them(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<Statx>(field));

    [Fact]
    public void Fields_of_fiemap_lie_where_the_header_has_them() => Assert.Equal(
        [16, 20, 24, 8, 16, 40],
        new[]
        {
            Offset<FileMap>(nameof(FileMap.Flags)), Offset<FileMap>(nameof(FileMap.Mapped)),
            Offset<FileMap>(nameof(FileMap.Room)), Offset<FileMapExtent>(nameof(FileMapExtent.Physical)),
            Offset<FileMapExtent>(nameof(FileMapExtent.Length)), Offset<FileMapExtent>(nameof(FileMapExtent.Flags)),
        });

    private static int Offset<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}
