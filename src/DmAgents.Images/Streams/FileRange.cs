using Microsoft.Win32.SafeHandles;

namespace DmAgents.Images.Streams;

/// <summary>
/// A range of an open file as a stream: a member of a tar without a copy. Several streams may read one file.
/// </summary>
internal sealed class FileRange(SafeFileHandle file, long start, long length) : ReadOnlyStream
{
    private long position;

    public override bool CanSeek => true;

    public override long Length => length;

    public override long Position
    {
        get => position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length > length - position)
            buffer = buffer[..(int)Math.Max(0, length - position)];
        var count = buffer.IsEmpty ? 0 : RandomAccess.Read(file, buffer, start + position);
        position += count;
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        var target = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => position + offset,
            _ => length + offset,
        };
        ArgumentOutOfRangeException.ThrowIfNegative(target, nameof(offset));
        return position = target;
    }
}
