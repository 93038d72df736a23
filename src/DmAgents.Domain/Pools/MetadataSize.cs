using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>The recommended size of a pool's metadata device.</summary>
public static class MetadataSize
{
    /// <summary>
    /// thin_metadata_size estimates about 32 bytes per data block (524 MiB for 1 TiB in 64 KiB blocks). Snapshots
    /// exceed that estimate, so stratis multiplies it by 8.
    /// </summary>
    private const ulong BytesPerBlock = 32 * 8;

    public static ByteSize Least => ByteSize.MiB(16);

    /// <summary>The maximum that the kernel uses: 255 × 64 × 255 blocks of 4 KiB (THIN_METADATA_MAX_SECTORS).</summary>
    public static ByteSize Most => new(255UL * ((1 << 14) - 64) * 4096);

    /// <summary>For a data device of <paramref name="data"/>, in whole MiB.</summary>
    public static ByteSize For(ByteSize data, PoolBlockSize blockSize)
    {
        var blocks = data.Bytes / blockSize.Bytes.Bytes;
        var wanted = new ByteSize(blocks * BytesPerBlock).RoundUp(ByteSize.MiB(1));
        return wanted < Least ? Least : wanted > Most ? Most : wanted;
    }
}
