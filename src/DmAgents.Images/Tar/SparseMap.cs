namespace DmAgents.Images.Tar;

/// <summary>Maps of sparse files in the two textual forms of GNU tar (manual, "Storing Sparse Files").</summary>
internal static class SparseMap
{
    /// <summary>The maximum of runs per file; the map is the only part of a file that is held in memory.</summary>
    public const int MaxRuns = 1 << 20;

    public delegate bool BlockReader(Span<byte> block);

    /// <summary>Form 0.1: "offset,length,offset,length..." in a record.</summary>
    public static List<SparseExtent>? Parse(ReadOnlySpan<byte> text)
    {
        var runs = new List<SparseExtent>();
        long? offset = null;
        foreach (var part in text.Split((byte)','))
        {
            if (TarFields.Decimal(text[part]) is not { } number || runs.Count >= MaxRuns)
                return null;
            if (offset is { } start)
                runs.Add(new SparseExtent(start, number));
            offset = offset is null ? number : null;
        }
        return offset is null ? runs : null;
    }

    /// <summary>
    /// Form 1.0: before the file's bytes, in whole blocks, the number of runs and then offset and length of each, one
    /// decimal number per line.
    /// </summary>
    public static List<SparseExtent>? ReadFromContent(BlockReader read)
    {
        var runs = new List<SparseExtent>();
        long? expected = null, offset = null;
        var (number, digits) = (0L, 0);
        Span<byte> block = stackalloc byte[TarHeader.BlockSize];
        while (expected is null || runs.Count < expected)
        {
            if (!read(block))
                return null;
            foreach (var letter in block)
            {
                if (letter is >= (byte)'0' and <= (byte)'9' && ++digits <= 18)
                {
                    number = (number * 10) + (letter - '0');
                    continue;
                }
                if (letter != '\n' || digits is 0 or > 18)
                    return null;
                if (expected is null)
                    expected = number;
                else if (offset is not { } start)
                    offset = number;
                else
                {
                    runs.Add(new SparseExtent(start, number));
                    offset = null;
                }

                (number, digits) = (0, 0);
                if (expected > MaxRuns)
                    return null;
                if (runs.Count == expected)
                    break;
            }
        }
        return runs;
    }

    /// <summary>
    /// True if the runs ascend without overlap within the file and have exactly the archive's number of bytes.
    /// </summary>
    public static bool IsSound(IReadOnlyList<SparseExtent> runs, long size, long packed)
    {
        var end = 0L;
        var total = 0L;
        foreach (var run in runs)
        {
            if (run.Offset < end || run.Length < 0 || run.Length > size - run.Offset)
                return false;
            end = run.Offset + run.Length;
            total += run.Length;
        }
        return size >= 0 && total == packed;
    }
}
