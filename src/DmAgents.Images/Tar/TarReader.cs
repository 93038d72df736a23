namespace DmAgents.Images.Tar;

/// <summary>
/// Reads all kinds of tar archives that occur in images: v7, ustar, pax, GNU and star, with GNU's sparse formats,
/// forward only and with memory for one header. System.Formats.Tar does not serve: it decodes all names and values as
/// UTF-8, which destroys file capabilities and other names, and it refuses GNU sparse entries.
/// </summary>
/// <param name="source">The uncompressed archive; content is skipped by seeking if possible.</param>
/// <param name="origin">The archive's name in messages.</param>
/// <param name="endMarkerRequired">
/// The archive must end with its two zero blocks. Only an archive of known digest may lack them: the digest proves that
/// it is complete, and some builders omit the marker, or even the padding of the last entry.
/// </param>
internal sealed class TarReader(Stream source, string origin, bool endMarkerRequired = true)
{
    /// <summary>The maximum size of an extended header or long name in memory, in bytes.</summary>
    private const int MaxExtension = 8 << 20;

    private readonly TarEntryFields fields = new(origin);
    private readonly byte[] block = new byte[TarHeader.BlockSize];
    private readonly PaxRecords global = new();
    private long position;
    private long remaining;
    private long padding;
    private bool any;

    /// <summary>The offset of the current entry's content, in bytes from the start of the archive.</summary>
    public long ContentOffset { get; private set; }

    /// <summary>
    /// The number of the current entry's content bytes in the archive: less than its size if it is sparse.
    /// </summary>
    public long PackedSize { get; private set; }

    /// <summary>The next entry, or null at the end. Skips the unread rest of the current one.</summary>
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
                    // The volume's label, which says nothing about any entry.
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
    /// False at the end of the archive, which is allowed only if no entry has begun and no marker is required. A
    /// partial block means a truncated archive, unless it is part of an optional marker.
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

    /// <summary>Skips the unread rest of an entry. An archive's last entry may lack its padding.</summary>
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

    /// <summary>For GNU tar's multi-volume archives: the previous volume has the beginning of a file.</summary>
    private ImageException PartOfSeveral() => new(
        ImageReason.Unsupported, $"{origin} is one volume of an archive of several",
        "Extract all volumes together (tar --multi-volume), and write their content as one archive");

    private ImageException NotATar() => new(
        ImageReason.NotAnImage, $"{origin} is not a tar archive",
        "Give a tar archive: plain, or compressed by gzip, zstd, xz or bzip2");

    /// <summary>Builds an entry from its header and the preceding extensions.</summary>
    private TarEntry Entry(TarHeader header, long size, Pending pending)
    {
        var pax = pending.Pax ?? global.Copy();
        var name = pax["GNU.sparse.name"]?.ToArray() ?? pax["path"]?.ToArray() ?? pending.Name ?? header.Name();
        var linkName = pax["linkpath"]?.ToArray() ?? pending.LinkName ?? header.LinkName.ToArray();
        var type = fields.TypeOf(header.TypeFlag, name);
        size = pax["size"] is { } stated ? TarFields.Decimal(stated.Span) ?? throw fields.Bad("size", name) : size;
        if (pax["GNU.volume.offset"] is { } part && TarFields.Decimal(part.Span) is not 0)
            throw PartOfSeveral();
        // Entries without content may state a size: in old archives a hard link has its target's. A directory of an
        // incremental archive has content: a list of its names, which are not entries.
        Begin(type == TarEntryType.File || header.TypeFlag == TarEntryFields.IncrementalDirectory ? size : 0);
        PackedSize = remaining;
        ContentOffset = position;
        var extents = type == TarEntryType.File ? Extents(header, pax, name, ref size) : null;
        var xattrs = pax.Xattrs(out var lost, out var group) ?? throw fields.Bad("extended attribute", name);
        return new TarEntry(
            name, linkName, type, fields.Permissions(header, name), fields.OwnerOf(header, pax, name),
            fields.TimeOf(header, pax, name), fields.DeviceOf(header, type, name), size, xattrs, extents, lost)
        {
            GroupWithoutAcl = group,
        };
    }

    /// <summary>The map of a sparse file in any of GNU's four forms, checked; null for a file without holes.</summary>
    private List<SparseExtent>? Extents(TarHeader header, PaxRecords pax, byte[] name, ref long size)
    {
        List<SparseExtent> extents;
        if (header.TypeFlag == 'S')
        {
            size = header.SparseRealSize ?? throw fields.Bad("sparse size", name);
            extents = OldSparseMap(header, name);
        }
        else if (pax["GNU.sparse.major"] is { } major && TarFields.Decimal(major.Span) == 1)
        {
            size = fields.SparseSize(pax, "GNU.sparse.realsize", name);
            extents = SparseMap.ReadFromContent(ReadMapBlock) ?? throw fields.Bad("sparse map", name);
        }
        else if (pax["GNU.sparse.map"] is { } map)
        {
            size = fields.SparseSize(pax, "GNU.sparse.size", name);
            extents = SparseMap.Parse(map.Span) ?? throw fields.Bad("sparse map", name);
        }
        else if (pax.Has("GNU.sparse.size"))
        {
            size = fields.SparseSize(pax, "GNU.sparse.size", name);
            extents = pax.RepeatedRuns;
        }
        else
        {
            return null;
        }
        // The map itself may precede the content.
        (PackedSize, ContentOffset) = (remaining, position);
        return SparseMap.IsSound(extents, size, remaining) ? extents : throw fields.Bad("sparse map", name);
    }

    private List<SparseExtent> OldSparseMap(TarHeader header, byte[] name)
    {
        var extents = new List<SparseExtent>();
        for (var index = 0; index < TarHeader.SparseInHeader; index++)
            extents.Add(header.SparseRunAt(index) ?? throw fields.Bad("sparse map", name));
        // A separate buffer, because the rest of the header is still to be read.
        Span<byte> extension = stackalloc byte[TarHeader.BlockSize];
        for (var more = header.SparseContinues; more; more = TarHeader.ExtensionContinues(extension))
        {
            ReadExact(extension);
            for (var index = 0; index < TarHeader.SparseInExtension; index++)
                extents.Add(TarHeader.ExtensionRunAt(extension, index) ?? throw fields.Bad("sparse map", name));
            if (extents.Count > SparseMap.MaxRuns)
                throw fields.Bad("sparse map", name);
        }
        // Unused slots of the map are zero; a last run of no bytes only marks the file's end.
        extents.RemoveAll(extent => extent.Length == 0);
        return extents;
    }

    private void ReadExact(Span<byte> buffer)
    {
        var count = source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        position += count;
        if (count < buffer.Length)
            throw Truncated();
    }

    private bool ReadMapBlock(Span<byte> buffer)
    {
        for (var done = 0; done < buffer.Length;)
        {
            var count = Read(buffer[done..]);
            if (count == 0)
                return false;
            done += count;
        }
        return true;
    }

    /// <summary>What the extension headers have stated so far about the entry that follows them.</summary>
    private readonly record struct Pending(PaxRecords? Pax, byte[]? Name, byte[]? LinkName)
    {
        public bool IsEmpty => Pax is null && Name is null && LinkName is null;
    }
}
