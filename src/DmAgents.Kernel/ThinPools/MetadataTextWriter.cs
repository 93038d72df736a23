using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DmAgents.Kernel.ThinPools;

/// <summary>
/// Forwards thin_dump's text, with the pool's number of data blocks in its first tag. A metadata snapshot does not hold
/// that number, so its dump says 0.
/// </summary>
/// <remarks>In thin_restore 0.9.0 the option --nr-data-blocks overrides the text. In 1.1.0 it does so only for the
/// superblock: 1.1.0 sizes the data's space map by the text, and fails with "block out of bounds" at the first
/// mapping.</remarks>
internal sealed partial class MetadataTextWriter(Stream into, ulong dataBlocks) : Stream
{
    /// <summary>The tag has some 130 bytes. A text without it is forwarded unchanged, and thin_restore refuses
    /// it.</summary>
    private const int LongestTag = 4096;

    private readonly MemoryStream _head = new();
    private bool _isPassed;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_isPassed)
        {
            into.Write(buffer);
            return;
        }
        _head.Write(buffer);
        if (_head.Length >= LongestTag || EndsTag(buffer))
            PassHead();
    }

    /// <summary>Writes what is still buffered. Must be the last call.</summary>
    public override void Flush()
    {
        if (!_isPassed)
            PassHead();
        into.Flush();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private bool EndsTag(ReadOnlySpan<byte> buffer) =>
        buffer.Contains((byte)'>') && Tag().IsMatch(Encoding.Latin1.GetString(_head.ToArray()));

    private void PassHead()
    {
        var head = Encoding.Latin1.GetString(_head.ToArray());
        var tag = Tag().Match(head);
        if (tag.Success)
        {
            var number = dataBlocks.ToString(CultureInfo.InvariantCulture);
            var attributes = Attribute().Replace(tag.Groups["attributes"].Value, "");
            head = $"{head[..tag.Index]}<superblock{attributes} nr_data_blocks=\"{number}\">"
                + head[(tag.Index + tag.Length)..];
        }
        into.Write(Encoding.Latin1.GetBytes(head));
        _isPassed = true;
    }

    [GeneratedRegex("<superblock(?<attributes>[^>]*)>")]
    private static partial Regex Tag();

    [GeneratedRegex("\\s+nr_data_blocks=\"[^\"]*\"")]
    private static partial Regex Attribute();
}
