using CsCheck;
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

    [Fact]
    public void A_base_always_fits_its_pool_and_is_never_empty() =>
        Gen.Select(Gen.ULong[1, 1UL << 40], Gen.ULong[1UL << 24, 1UL << 44]).Sample((configured, data) =>
        {
            var size = PoolSizes.BaseSizeFor(new ByteSize(configured), new ByteSize(data));
            Assert.InRange(size.Bytes, 1UL, Math.Min(configured, data));
        });
}
