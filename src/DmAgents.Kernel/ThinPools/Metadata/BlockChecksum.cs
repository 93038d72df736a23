using System.Buffers.Binary;
using System.Numerics;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>
/// The checksum in the first four bytes of a metadata block: crc32c of the rest, initialized with all ones, without the
/// final inversion, xored with a constant per kind of block (kernel: dm_bm_checksum in dm-block-manager.c).
/// </summary>
internal static class BlockChecksum
{
    /// <summary>SUPERBLOCK_CSUM_XOR in dm-thin-metadata.c.</summary>
    public const uint Superblock = 160774;

    /// <summary>BTREE_CSUM_XOR in dm-btree-spine.c.</summary>
    public const uint BtreeNode = 121107;

    /// <summary>INDEX_CSUM_XOR in dm-space-map-common.c.</summary>
    public const uint SpaceMapIndex = 160478;

    /// <summary>BITMAP_CSUM_XOR in dm-space-map-common.c.</summary>
    public const uint SpaceMapBitmap = 240779;

    public static bool IsRight(ReadOnlySpan<byte> block, uint kind) =>
        BinaryPrimitives.ReadUInt32LittleEndian(block) == Of(block, kind);

    public static void Set(Span<byte> block, uint kind) =>
        BinaryPrimitives.WriteUInt32LittleEndian(block, Of(block, kind));

    public static uint Of(ReadOnlySpan<byte> block, uint kind)
    {
        var crc = uint.MaxValue;
        var rest = block[sizeof(uint)..];
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(rest));
        foreach (var last in rest)
            crc = BitOperations.Crc32C(crc, last);
        return crc ^ kind;
    }
}
