using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>Sensible sizes for a pool and its content.</summary>
public static class PoolSizes
{
    /// <summary>Twice the 8 MiB (2048 blocks of 4 KiB) below which mke2fs makes a file system without a
    /// journal.</summary>
    public static ByteSize LeastData => ByteSize.MiB(16);

    /// <summary>
    /// Below this data size, <see cref="MetadataSize.Least"/> would be a large part of the whole, and <see
    /// cref="LeastMetadata"/> is enough: 4096 blocks need 1 MiB even by the generous rule.
    /// </summary>
    public static ByteSize SmallData => ByteSize.MiB(256);

    /// <summary>Twice the minimum that the kernel documents for a metadata device (2 MiB).</summary>
    public static ByteSize LeastMetadata => ByteSize.MiB(4);

    private static ByteSize BaseUnit => ByteSize.MiB(64);

    /// <summary>The size of a pool's base: the configured size, or the pool's capacity if that is less, in whole units
    /// of 64 MiB (of 1 MiB in a pool smaller than that).</summary>
    public static ByteSize BaseSizeFor(ByteSize configured, ByteSize data)
    {
        var holds = data.RoundDown(data < BaseUnit ? ByteSize.MiB(1) : BaseUnit);
        return configured < holds ? configured : holds;
    }

    /// <summary>As above, within the file system's own limits: if rounding to whole units gives less than its minimum,
    /// and the pool has room for the minimum, the minimum.</summary>
    public static ByteSize BaseSizeFor(FileSystemKind kind, ByteSize configured, ByteSize data)
    {
        var (format, size) = (FileSystemFormat.Of(kind), BaseSizeFor(configured, data));
        return size > format.Most ? format.Most
            : size < format.Least && configured >= format.Least && data >= format.Least ? format.Least
            : size;
    }

    /// <summary>Why a pool cannot have a base with that file system; null if it can.</summary>
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

    /// <summary>The recommended metadata size for a pool with this data size.</summary>
    internal static ByteSize MetadataFor(ByteSize data, PoolBlockSize blockSize) =>
        data < SmallData ? LeastMetadata : MetadataSize.For(data, blockSize);

    /// <summary>
    /// Below this size, metadata fill up before data. An eighth of the rule's result is the bare estimate of
    /// thin_metadata_size, without any snapshot.
    /// </summary>
    internal static ByteSize LeastMetadataFor(ByteSize data, PoolBlockSize blockSize)
    {
        var least = data < SmallData ? LeastMetadata : MetadataSize.Least;
        var bare = new ByteSize(MetadataSize.For(data, blockSize).Bytes / 8).RoundUp(ByteSize.MiB(1));
        return bare > least ? bare : least;
    }
}
