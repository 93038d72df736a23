using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Domain.Units;

namespace DmAgents.Images.Changes;

/// <summary>
/// What is known of the blocks below two trees: where their devices may hold different bytes. If a file
/// lies at the same places of both, its content can differ only in these, and no other part of it need be read.
/// </summary>
/// <remarks>Inode numbers and times prove nothing: a program may set a time back, and numbers are given again.
/// </remarks>
public sealed class KnownBlocks
{
    private readonly ByteRange[] changed;

    /// <param name="changed">All ranges of the devices in which they may differ, in any order.</param>
    public KnownBlocks(IEnumerable<ByteRange> changed) =>
        this.changed = [.. changed.Where(range => range.Length > ByteSize.Zero).OrderBy(range => range.Start)];

    /// <summary>The parts of two files of the same size that have to be read to know whether they are the same; empty
    /// if the blocks prove that they are, null if they say nothing.</summary>
    public IReadOnlyList<FilePart>? ToRead(IReadOnlyList<FileExtent>? one, IReadOnlyList<FileExtent>? other) =>
        // Without any extent a file is all holes, or its file system keeps it elsewhere and does not say so.
        one is { Count: > 0 } && other is { Count: > 0 } && one.SequenceEqual(other)
            ? [.. one.Where(extent => !extent.IsUnwritten).SelectMany(Doubtful)]
            : null;

    private IEnumerable<FilePart> Doubtful(FileExtent extent)
    {
        var end = extent.Place + (ulong)extent.Length;
        for (var i = FirstBehind(extent.Place); i < changed.Length && changed[i].Start.Bytes < end; i++)
        {
            var from = Math.Max(changed[i].Start.Bytes, extent.Place);
            var to = Math.Min(changed[i].End.Bytes, end);
            yield return new FilePart(extent.Offset + (long)(from - extent.Place), (long)(to - from));
        }
    }

    /// <summary>The first changed range that ends behind a place.</summary>
    private int FirstBehind(ulong place)
    {
        var (low, high) = (0, changed.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (changed[middle].End.Bytes > place)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
}

/// <summary>A run of a file's bytes; it may end beyond the end of the file.</summary>
public readonly record struct FilePart(long Offset, long Length);
