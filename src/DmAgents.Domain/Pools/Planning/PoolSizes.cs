using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>Which sizes make sense for a pool and for what lies in it.</summary>
public static class PoolSizes
{
    /// <summary>Twice the 8 MiB (2048 blocks of 4 KiB) below which mke2fs gives a file system no journal.</summary>
    public static ByteSize LeastData => ByteSize.MiB(16);

    /// <summary>
    /// Below this size of the data, <see cref="MetadataSize.Least"/> would be a dear part of the whole, and
    /// <see cref="LeastMetadata"/> is enough: 4096 blocks need 1 MiB even by the generous rule.
    /// </summary>
    public static ByteSize SmallData => ByteSize.MiB(256);

    /// <summary>Twice the least that the kernel documents for a metadata device (2 MiB).</summary>
    public static ByteSize LeastMetadata => ByteSize.MiB(4);

    private static ByteSize BaseUnit => ByteSize.MiB(64);

    /// <summary>The size of a pool's base: the configured one, or what the pool can hold where that is less, in whole
    /// units of 64 MiB (in a pool that has not even that: of 1 MiB).</summary>
    public static ByteSize BaseSizeFor(ByteSize configured, ByteSize data)
    {
        var holds = data.RoundDown(data < BaseUnit ? ByteSize.MiB(1) : BaseUnit);
        return configured < holds ? configured : holds;
    }

    /// <summary>How large the metadata of a pool with so much data should be.</summary>
    internal static ByteSize MetadataFor(ByteSize data, PoolBlockSize blockSize) =>
        data < SmallData ? LeastMetadata : MetadataSize.For(data, blockSize);

    /// <summary>
    /// Below this the metadata are full before the data: an eighth of what the rule gives is the bare estimate of
    /// thin_metadata_size, without a single snapshot.
    /// </summary>
    internal static ByteSize LeastMetadataFor(ByteSize data, PoolBlockSize blockSize)
    {
        var least = data < SmallData ? LeastMetadata : MetadataSize.Least;
        var bare = new ByteSize(MetadataSize.For(data, blockSize).Bytes / 8).RoundUp(ByteSize.MiB(1));
        return bare > least ? bare : least;
    }
}
