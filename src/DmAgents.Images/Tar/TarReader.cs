namespace DmAgents.Images.Tar;

/// <summary>
/// Reads tar archives of every kind met in images: v7, ustar, pax, GNU and star, with GNU's sparse formats, forward
/// only and with memory for one header. Not System.Formats.Tar: that decodes all names and values as UTF-8, which
/// destroys file capabilities and names that are not, and it refuses GNU sparse entries.
/// </summary>
/// <param name="source">The uncompressed archive; skipped over by seeking where it can seek.</param>
/// <param name="origin">What the archive is called in messages.</param>
/// <param name="endMarkerRequired">
/// Whether the archive must end with its two zero blocks. Only an archive of known digest may go without: that it is
/// whole shows by the digest, and some builders leave out the marker, or even the padding of the last entry.
/// </param>
internal sealed partial class TarReader(Stream source, string origin, bool endMarkerRequired = true)
{
    /// <summary>The largest extended header or long name that is taken into memory, in bytes.</summary>
    private const int MaxExtension = 8 << 20;

    private readonly byte[] block = new byte[TarHeader.BlockSize];
    private readonly PaxRecords global = new();
    private long position;
    private long remaining;
    private long padding;
    private bool any;

    /// <summary>Where the content of the current entry begins, in bytes from the start of the archive.</summary>
    public long ContentOffset { get; private set; }

    /// <summary>
    /// The bytes of content that the archive holds of the current entry: less than its size when sparse.
    /// </summary>
    public long PackedSize { get; private set; }

    /// <summary>The next entry, or null at the end. What was not read of the current one is skipped.</summary>
    public TarEntry? Next()
    {
        SkipEntry();
        var pending = new Pending(null, null, null);
        while (ReadHeader(pending))
        {
            any = true;
            var header = new TarHeader(block);
            var size = header.Size ?? throw Corrupt("has no readable size");
            switch (header.TypeFlag)
            {
                case 'x' or 'X':
                    pending = pending with { Pax = ReadPax(size, global.Copy()) };
                    break;
                case 'g':
                    ReadPax(size, global);
                    break;
                case 'L':
                    pending = pending with { Name = ReadLongName(size) };
                    break;
                case 'K':
                    pending = pending with { LinkName = ReadLongName(size) };
                    break;
                case 'V':
                    // The volume's label, which says nothing of any entry.
                    SkipContent(size);
                    break;
                case 'M':
                    throw PartOfSeveral();
                default:
                    return Entry(header, size, pending);
            }
        }
        return null;
    }

    /// <summary>Reads content of the current entry; 0 at its end.</summary>
    public int Read(Span<byte> buffer)
    {
        if (buffer.Length > remaining)
            buffer = buffer[..(int)remaining];
        if (buffer.IsEmpty)
            return 0;
        var count = source.Read(buffer);
        if (count == 0)
            throw Truncated();
        position += count;
        remaining -= count;
        return count;
    }

    private bool ReadHeader(Pending pending)
    {
        if (!ReadBlock(pending))
            return false;
        if (!IsZero())
        {
            if (!new TarHeader(block).IsSound())
                throw any ? Corrupt("has a header whose checksum does not hold") : NotATar();
            return true;
        }
        if (!pending.IsEmpty)
            throw Corrupt("ends after an extended header, before the entry that it is for");
        if (ReadBlock(pending) && !IsZero())
            throw Corrupt("has a lone zero block amid its entries");
        return false;
    }

    private bool IsZero() => !block.AsSpan().ContainsAnyExcept((byte)0);

    /// <summary>
    /// False at the end of the archive, which may only be here if no entry is begun and no marker is required. A part
    /// of a block is a truncated archive, unless it is a part of a marker that may be missing.
    /// </summary>
    private bool ReadBlock(Pending pending)
    {
        var count = source.ReadAtLeast(block, block.Length, throwOnEndOfStream: false);
        position += count;
        if (count == TarHeader.BlockSize)
            return true;
        if (endMarkerRequired || !pending.IsEmpty || block.AsSpan(0, count).ContainsAnyExcept((byte)0))
            throw any ? Truncated() : NotATar();
        return false;
    }

    private void SkipContent(long size)
    {
        Begin(size);
        SkipEntry();
    }

    /// <summary>Skips what was not read of an entry. The last one of an archive may lack its padding.</summary>
    private void SkipEntry()
    {
        Skip(remaining);
        if (padding > 0)
            SkipPadding();
        (remaining, padding) = (0, 0);
    }

    private void SkipPadding()
    {
        var away = block.AsSpan(0, (int)padding);
        var count = source.ReadAtLeast(away, away.Length, throwOnEndOfStream: false);
        position += count;
        if (count < away.Length && endMarkerRequired)
            throw Truncated();
    }

    private void Begin(long size)
    {
        if (size is < 0 or > long.MaxValue / 2)
            throw Corrupt("has an impossible size");
        remaining = size;
        padding = -size & (TarHeader.BlockSize - 1);
    }

    private void Skip(long count)
    {
        if (count == 0)
            return;
        if (source.CanSeek)
        {
            if (count > source.Length - source.Position)
                throw Truncated();
            source.Seek(count, SeekOrigin.Current);
            position += count;
            return;
        }
        Span<byte> away = stackalloc byte[4096];
        while (count > 0)
        {
            var read = source.Read(away[..(int)Math.Min(away.Length, count)]);
            if (read == 0)
                throw Truncated();
            position += read;
            count -= read;
        }
    }

    private byte[] ReadExtension(long size)
    {
        if (size > MaxExtension)
            throw new ImageException(
                ImageReason.TooLarge,
                $"{origin} has an extended header of {size} bytes at byte {position}, more than {MaxExtension}",
                "Write the archive again with shorter names, and fewer or smaller extended attributes");
        Begin(size);
        var content = new byte[size];
        for (var done = 0; done < content.Length;)
            done += Read(content.AsSpan(done));
        SkipEntry();
        return content;
    }

    private byte[] ReadLongName(long size) => TarFields.Text(ReadExtension(size)).ToArray();

    private PaxRecords ReadPax(long size, PaxRecords records) =>
        records.TryAdd(ReadExtension(size)) ? records : throw Corrupt("has a malformed extended header");

    private ImageException Corrupt(string why) => new(
        ImageReason.Corrupt, $"{origin} {why} (near byte {position} of the uncompressed archive)",
        "Fetch or write the archive again");

    private ImageException Truncated() => new(
        ImageReason.Truncated, $"{origin} ends after {position} bytes (uncompressed) in the middle of the archive",
        "Fetch or write the archive again");

    /// <summary>GNU tar's multi-volume archives: the volume before has the beginning of a file.</summary>
    private ImageException PartOfSeveral() => new(
        ImageReason.Unsupported, $"{origin} is one volume of an archive of several",
        "Extract all volumes together (tar --multi-volume), and write their content as one archive");

    private ImageException NotATar() => new(
        ImageReason.NotAnImage, $"{origin} is not a tar archive",
        "Give a tar archive: plain, or compressed by gzip, zstd, xz or bzip2");

    /// <summary>What extension headers have said so far of the entry that they precede.</summary>
    private readonly record struct Pending(PaxRecords? Pax, byte[]? Name, byte[]? LinkName)
    {
        public bool IsEmpty => Pax is null && Name is null && LinkName is null;
    }
}
