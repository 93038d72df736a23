using DmAgents.Domain.Devices;
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

    /// <summary>The same for a file system, which has limits of its own: where the whole units are too few for it and
    /// the pool's size is not, the least of it.</summary>
    public static ByteSize BaseSizeFor(FileSystemKind kind, ByteSize configured, ByteSize data)
    {
        var (format, size) = (FileSystemFormat.Of(kind), BaseSizeFor(configured, data));
        return size > format.Most ? format.Most
            : size < format.Least && configured >= format.Least && data >= format.Least ? format.Least
            : size;
    }

    /// <summary>Why a pool can have no base of that file system; null where it can.</summary>
    public static Refusal? NoBase(string what, PoolName pool, FileSystemKind kind, ByteSize configured, ByteSize data)
    {
        var format = FileSystemFormat.Of(kind);
        if (BaseSizeFor(kind, configured, data) >= format.Least)
            return null;
        var name = kind.ToString().ToLowerInvariant();
        return configured < format.Least
            ? new Refusal(RefusalKind.Invalid, what, pool.Value,
                $"{name} needs {format.Least} at least, and pool.base-size is {configured}",
                $"set pool.base-size to {format.Least} or more{OrExt4(kind)}")
            : new Refusal(RefusalKind.Invalid, what, pool.Value,
                $"{name} needs {format.Least} at least, and the pool has {data} of data",
                $"give it {format.Least} or more{OrExt4(kind)}");
    }

    private static string OrExt4(FileSystemKind kind) =>
        kind == FileSystemKind.Ext4 ? "" : $", or take ext4, which needs {FileSystemFormat.Ext4.Least}";

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
