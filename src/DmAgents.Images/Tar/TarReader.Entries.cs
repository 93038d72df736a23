using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Tar;

/// <summary>Builds an entry from its header and the preceding extensions.</summary>
internal sealed partial class TarReader
{
    /// <summary>GNU tar's type of a directory with <c>--listed-incremental</c>, not in the pax format.</summary>
    private const char IncrementalDirectory = 'D';

    private TarEntry Entry(TarHeader header, long size, Pending pending)
    {
        var pax = pending.Pax ?? global.Copy();
        var name = pax["GNU.sparse.name"]?.ToArray() ?? pax["path"]?.ToArray() ?? pending.Name ?? header.Name();
        var linkName = pax["linkpath"]?.ToArray() ?? pending.LinkName ?? header.LinkName.ToArray();
        var type = TypeOf(header.TypeFlag, name);
        size = pax["size"] is { } stated ? TarFields.Decimal(stated.Span) ?? throw BadField("size", name) : size;
        if (pax["GNU.volume.offset"] is { } part && TarFields.Decimal(part.Span) is not 0)
            throw PartOfSeveral();
        // Entries without content may state a size: in old archives a hard link has its target's. A directory of an
        // incremental archive has content: a list of its names, which are not entries.
        Begin(type == TarEntryType.File || header.TypeFlag == IncrementalDirectory ? size : 0);
        PackedSize = remaining;
        ContentOffset = position;
        var extents = type == TarEntryType.File ? Extents(header, pax, name, ref size) : null;
        var xattrs = pax.Xattrs(out var lost, out var group) ?? throw BadField("extended attribute", name);
        return new TarEntry(
            name, linkName, type, Permissions(header, name), OwnerOf(header, pax, name), TimeOf(header, pax, name),
            DeviceOf(header, type, name), size, xattrs, extents, lost) { GroupWithoutAcl = group };
    }

    private TarEntryType TypeOf(char flag, ReadOnlySpan<byte> name) => flag switch
    {
        '0' or '\0' or '7' or 'S' => flag != 'S' && name.EndsWith("/"u8) ? TarEntryType.Directory : TarEntryType.File,
        '1' => TarEntryType.HardLink,
        '2' => TarEntryType.Symlink,
        '3' => TarEntryType.CharacterDevice,
        '4' => TarEntryType.BlockDevice,
        '5' or IncrementalDirectory => TarEntryType.Directory,
        '6' => TarEntryType.Fifo,
        _ => throw new ImageException(
            ImageReason.Unsupported,
            $"Entry '{TreePath.Display(name)}' of {origin} has the unknown type '{TreePath.Display([(byte)flag])}'",
            "Write the archive again in the pax format"),
    };

    /// <summary>The map of a sparse file in any of GNU's four forms, checked; null for a file without holes.</summary>
    private List<SparseExtent>? Extents(TarHeader header, PaxRecords pax, byte[] name, ref long size)
    {
        List<SparseExtent> extents;
        if (header.TypeFlag == 'S')
        {
            size = header.SparseRealSize ?? throw BadField("sparse size", name);
            extents = OldSparseMap(header, name);
        }
        else if (pax["GNU.sparse.major"] is { } major && TarFields.Decimal(major.Span) == 1)
        {
            size = SparseSize(pax, "GNU.sparse.realsize", name);
            extents = SparseMap.ReadFromContent(ReadMapBlock) ?? throw BadField("sparse map", name);
        }
        else if (pax["GNU.sparse.map"] is { } map)
        {
            size = SparseSize(pax, "GNU.sparse.size", name);
            extents = SparseMap.Parse(map.Span) ?? throw BadField("sparse map", name);
        }
        else if (pax.Has("GNU.sparse.size"))
        {
            size = SparseSize(pax, "GNU.sparse.size", name);
            extents = pax.RepeatedRuns;
        }
        else
        {
            return null;
        }
        // The map itself may precede the content.
        (PackedSize, ContentOffset) = (remaining, position);
        return SparseMap.IsSound(extents, size, remaining) ? extents : throw BadField("sparse map", name);
    }

    private List<SparseExtent> OldSparseMap(TarHeader header, byte[] name)
    {
        var extents = new List<SparseExtent>();
        for (var index = 0; index < TarHeader.SparseInHeader; index++)
            extents.Add(header.SparseRunAt(index) ?? throw BadField("sparse map", name));
        // A separate buffer, because the rest of the header is still to be read.
        Span<byte> extension = stackalloc byte[TarHeader.BlockSize];
        for (var more = header.SparseContinues; more; more = TarHeader.ExtensionContinues(extension))
        {
            ReadExact(extension);
            for (var index = 0; index < TarHeader.SparseInExtension; index++)
                extents.Add(TarHeader.ExtensionRunAt(extension, index) ?? throw BadField("sparse map", name));
            if (extents.Count > SparseMap.MaxRuns)
                throw BadField("sparse map", name);
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

    private long SparseSize(PaxRecords pax, string key, byte[] name) =>
        pax[key] is { } text && TarFields.Decimal(text.Span) is { } size and >= 0 ? size : throw BadField(
            "sparse size", name);

    private Permissions Permissions(TarHeader header, byte[] name) =>
        new((int)((header.Mode ?? throw BadField("mode", name)) & 0xFFF));

    private Owner OwnerOf(TarHeader header, PaxRecords pax, byte[] name) =>
        new(Id(pax["uid"], header.Uid, "owner", name), Id(pax["gid"], header.Gid, "group", name));

    private uint Id(ReadOnlyMemory<byte>? record, long? field, string what, byte[] name)
    {
        var id = record is { } text ? TarFields.Decimal(text.Span) : field;
        // The largest 32-bit number means "leave unchanged" to chown.
        return id is >= 0 and < uint.MaxValue ? (uint)id : throw BadField(what, name);
    }

    private InodeTime TimeOf(TarHeader header, PaxRecords pax, byte[] name)
    {
        if (pax["mtime"] is { } text)
            return TarFields.Time(text.Span) ?? throw BadField("time", name);
        return new InodeTime(header.ModificationTime ?? throw BadField("time", name), 0);
    }

    private DeviceNumber DeviceOf(TarHeader header, TarEntryType type, byte[] name)
    {
        if (type is not (TarEntryType.CharacterDevice or TarEntryType.BlockDevice))
            return default;
        return header.DeviceMajor is { } major and >= 0 and <= uint.MaxValue
            && header.DeviceMinor is { } minor and >= 0 and <= uint.MaxValue
            ? new DeviceNumber((uint)major, (uint)minor)
            : throw BadField("device number", name);
    }

    private ImageException BadField(string what, ReadOnlySpan<byte> name) => new(
        ImageReason.Corrupt, $"Entry '{TreePath.Display(name)}' of {origin} has an impossible {what}",
        "Fetch or write the archive again");
}
