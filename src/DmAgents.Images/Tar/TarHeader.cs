namespace DmAgents.Images.Tar;

/// <summary>
/// One 512-byte header block: the fields by their offsets in POSIX.1-1988 (ustar) and GNU tar's manual.
/// </summary>
internal readonly ref struct TarHeader(ReadOnlySpan<byte> block)
{
    public const int BlockSize = 512;

    /// <summary>
    /// The number of sparse runs in a GNU header and in each continuation block.
    /// </summary>
    public const int SparseInHeader = 4;
    public const int SparseInExtension = 21;
    private const int SparseRun = 24;

    private readonly ReadOnlySpan<byte> block = block;

    public char TypeFlag => (char)block[156];

    public ReadOnlySpan<byte> LinkName => TarFields.Text(block.Slice(157, 100));

    public long? Mode => TarFields.Number(block.Slice(100, 8));

    public long? Uid => TarFields.Number(block.Slice(108, 8));

    public long? Gid => TarFields.Number(block.Slice(116, 8));

    public long? Size => TarFields.Number(block.Slice(124, 12));

    public long? ModificationTime => TarFields.Number(block.Slice(136, 12));

    /// <summary>Only ustar and later have device numbers; the old format (v7) does not.</summary>
    public long? DeviceMajor => HasMagic ? TarFields.Number(block.Slice(329, 8)) : 0;

    public long? DeviceMinor => HasMagic ? TarFields.Number(block.Slice(337, 8)) : 0;

    public long? SparseRealSize => TarFields.Number(block.Slice(483, 12));

    public bool SparseContinues => block[482] != 0;

    private bool HasMagic => block.Slice(257, 5).SequenceEqual("ustar"u8);

    /// <summary>GNU's own magic is "ustar  "; it uses the prefix field for other data.</summary>
    private bool HasPrefix => HasMagic && block[262] == 0;

    public byte[] Name()
    {
        var name = TarFields.Text(block[..100]);
        var prefix = HasPrefix ? TarFields.Text(block.Slice(345, 155)) : [];
        return prefix.IsEmpty ? name.ToArray() : [.. prefix, (byte)'/', .. name];
    }

    /// <summary>A run of the sparse map; null for malformed numbers.</summary>
    public SparseExtent? SparseRunAt(int index) => Run(block[386..], index);

    /// <summary>As above, in a block that continues the map.</summary>
    public static SparseExtent? ExtensionRunAt(ReadOnlySpan<byte> extension, int index) => Run(extension, index);

    public static bool ExtensionContinues(ReadOnlySpan<byte> extension) => extension[504] != 0;

    /// <summary>
    /// Checks the checksum: the sum of all bytes, with the checksum's own eight taken as spaces. Some old programs
    /// summed signed bytes, and every reader accepts that, too.
    /// </summary>
    public bool IsSound()
    {
        if (TarFields.Number(block.Slice(148, 8)) is not { } stated)
            return false;
        long unsigned = 0, signed = 0;
        for (var place = 0; place < BlockSize; place++)
        {
            var value = place is >= 148 and < 156 ? (byte)' ' : block[place];
            unsigned += value;
            signed += (sbyte)value;
        }
        return stated == unsigned || stated == signed;
    }

    private static SparseExtent? Run(ReadOnlySpan<byte> runs, int index)
    {
        var run = runs.Slice(index * SparseRun, SparseRun);
        return TarFields.Number(run[..12]) is { } offset && TarFields.Number(run[12..]) is { } length
            ? new SparseExtent(offset, length)
            : null;
    }
}
