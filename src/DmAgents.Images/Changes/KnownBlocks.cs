using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Domain.Units;

namespace DmAgents.Images.Changes;

/// <summary>
/// The ranges in which the devices below two trees may differ. If a file has the same extents on both devices, its
/// content can differ only in these ranges, and only they need to be read.
/// </summary>
/// <remarks>Inode numbers and times prove nothing: a program may reset a time, and numbers are reused.</remarks>
public sealed class KnownBlocks
{
    private readonly ByteRange[] changed;

    /// <param name="changed">All ranges in which the devices may differ, in any order.</param>
    public KnownBlocks(IEnumerable<ByteRange> changed) =>
        this.changed = [.. changed.Where(range => range.Length > ByteSize.Zero).OrderBy(range => range.Start)];

    /// <summary>The parts of two files of the same size that must be read to compare them. Empty if the blocks prove
    /// them the same, null if the blocks prove nothing.</summary>
    public IReadOnlyList<FilePart>? ToRead(IReadOnlyList<FileExtent>? one, IReadOnlyList<FileExtent>? other) =>
        // A file without any extent is all holes, or its file system stores it elsewhere and does not report that.
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

    /// <summary>The index of the first changed range that ends after a position.</summary>
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
