using CsCheck;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Planning;

public sealed class PoolSizesTests
{
    [Theory]
    [InlineData(10 * 1024, 100 * 1024, 10 * 1024)]
    [InlineData(10 * 1024, 1000, 960)]
    [InlineData(10 * 1024, 64, 64)]
    [InlineData(10 * 1024, 63, 63)]
    [InlineData(20, 63, 20)]
    public void A_base_is_as_configured_or_as_large_as_the_pool_can_hold(int configured, int data, int size) =>
        Assert.Equal(ByteSize.MiB((ulong)size),
            PoolSizes.BaseSizeFor(ByteSize.MiB((ulong)configured), ByteSize.MiB((ulong)data)));

    [Theory]
    [InlineData(FileSystemKind.Ext4, 10240, 16, 16)]
    [InlineData(FileSystemKind.Ext4, 20 << 20, 30 << 20, 15 << 20)]
    [InlineData(FileSystemKind.Xfs, 10240, 300, 300)]
    [InlineData(FileSystemKind.Xfs, 10240, 319, 300)]
    [InlineData(FileSystemKind.Xfs, 10240, 330, 320)]
    [InlineData(FileSystemKind.Xfs, 400, 100 << 10, 400)]
    public void A_base_keeps_to_the_limits_of_its_file_system(FileSystemKind kind, int configured, int data, int size)
    {
        var (asked, has) = (ByteSize.MiB((ulong)configured), ByteSize.MiB((ulong)data));

        Assert.Equal(ByteSize.MiB((ulong)size), PoolSizes.BaseSizeFor(kind, asked, has));
        Assert.Null(PoolSizes.NoBase("cannot create pool", new PoolName("p"), kind, asked, has));
    }

    [Theory]
    [InlineData(FileSystemKind.Xfs, 10240, 299, "xfs needs 300 MiB at least, and the pool has 299 MiB of data")]
    [InlineData(FileSystemKind.Xfs, 256, 10240, "xfs needs 300 MiB at least, and pool.base-size is 256 MiB")]
    [InlineData(FileSystemKind.Ext4, 7, 10240, "ext4 needs 8 MiB at least, and pool.base-size is 7 MiB")]
    public void A_pool_that_can_have_no_base_is_refused_with_the_number(
        FileSystemKind kind, int configured, int data, string why)
    {
        var refusal = PoolSizes.NoBase(
            "cannot create pool", new PoolName("p"), kind, ByteSize.MiB((ulong)configured), ByteSize.MiB((ulong)data));

        Assert.Equal(why, refusal?.Why);
        Assert.Equal(kind == FileSystemKind.Xfs, refusal?.Next.Contains("ext4", StringComparison.Ordinal));
    }

    [Fact]
    public void A_base_always_fits_its_pool_and_is_never_empty() =>
        Gen.Select(Gen.ULong[1, 1UL << 40], Gen.ULong[1UL << 24, 1UL << 44]).Sample((configured, data) =>
        {
            var size = PoolSizes.BaseSizeFor(new ByteSize(configured), new ByteSize(data));
            Assert.InRange(size.Bytes, 1UL, Math.Min(configured, data));
        });
}
