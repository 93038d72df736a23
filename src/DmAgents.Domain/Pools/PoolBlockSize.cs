using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>
/// The unit of allocation and sharing in a pool's data device: 64 KiB to 1 GiB, a multiple of 64 KiB, fixed for
/// the pool's life (kernel: DATA_DEV_BLOCK_SIZE_MIN_SECTORS and _MAX_SECTORS in dm-thin.c).
/// </summary>
public readonly record struct PoolBlockSize
{
    private const ulong Unit = 64 * 1024;
    private const ulong Max = 1UL << 30;

    private readonly ulong _bytes;

    /// <exception cref="ArgumentOutOfRangeException">Not 64 KiB to 1 GiB, or no multiple of 64 KiB.</exception>
    public PoolBlockSize(ByteSize size)
    {
        if (!IsValid(size))
            throw new ArgumentOutOfRangeException(nameof(size), size, Rule);
        _bytes = size.Bytes;
    }

    public static string Rule => "a pool's block size is 64 KiB to 1 GiB and a multiple of 64 KiB";

    public static PoolBlockSize Default => new(ByteSize.KiB(64));

    public ByteSize Bytes => new(_bytes == 0 ? Unit : _bytes);

    public SectorCount Sectors => Bytes.Sectors;

    public static bool IsValid(ByteSize size) => size.Bytes is >= Unit and <= Max && size.Bytes % Unit == 0;

    public override string ToString() => Bytes.ToString();
}
