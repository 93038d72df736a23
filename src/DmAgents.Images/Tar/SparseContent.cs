using DmAgents.Images.Streams;

namespace DmAgents.Images.Tar;

/// <summary>The content of a sparse file: the runs in the archive, with zeros between them.</summary>
/// <param name="packed">The runs, one after the other. Owned.</param>
/// <param name="extents">The runs' positions in the file, ascending.</param>
/// <param name="size">The file's size in bytes.</param>
internal sealed class SparseContent(Stream packed, IReadOnlyList<SparseExtent> extents, long size) : ReadOnlyStream
{
    private long position;
    private int next;

    public override int Read(Span<byte> buffer)
    {
        while (next < extents.Count && position >= extents[next].Offset + extents[next].Length)
            next++;
        var extent = next < extents.Count ? extents[next] : new SparseExtent(size, 0);
        var inside = position >= extent.Offset;
        var end = inside ? extent.Offset + extent.Length : extent.Offset;
        buffer = buffer[..(int)Math.Min(buffer.Length, end - position)];
        if (buffer.IsEmpty)
            return 0;
        var count = buffer.Length;
        if (inside)
            count = packed.Read(buffer);
        else
            buffer.Clear();
        position += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            packed.Dispose();
        base.Dispose(disposing);
    }
}
