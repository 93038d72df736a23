using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Tar;

/// <summary>Reads the fields of an entry from its header and the preceding extensions, which take precedence.</summary>
/// <param name="origin">The archive's name in messages.</param>
internal sealed class TarEntryFields(string origin)
{
    /// <summary>GNU tar's type of a directory with <c>--listed-incremental</c>, not in the pax format.</summary>
    public const char IncrementalDirectory = 'D';

    public TarEntryType TypeOf(char flag, ReadOnlySpan<byte> name) => flag switch
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

    public long SparseSize(PaxRecords pax, string key, byte[] name) =>
        pax[key] is { } text && TarFields.Decimal(text.Span) is { } size and >= 0 ? size : throw Bad(
            "sparse size", name);

    public Permissions Permissions(TarHeader header, byte[] name) =>
        new((int)((header.Mode ?? throw Bad("mode", name)) & 0xFFF));

    public Owner OwnerOf(TarHeader header, PaxRecords pax, byte[] name) =>
        new(Id(pax["uid"], header.Uid, "owner", name), Id(pax["gid"], header.Gid, "group", name));

    private uint Id(ReadOnlyMemory<byte>? record, long? field, string what, byte[] name)
    {
        var id = record is { } text ? TarFields.Decimal(text.Span) : field;
        // The largest 32-bit number means "leave unchanged" to chown.
        return id is >= 0 and < uint.MaxValue ? (uint)id : throw Bad(what, name);
    }

    public InodeTime TimeOf(TarHeader header, PaxRecords pax, byte[] name)
    {
        if (pax["mtime"] is { } text)
            return TarFields.Time(text.Span) ?? throw Bad("time", name);
        return new InodeTime(header.ModificationTime ?? throw Bad("time", name), 0);
    }

    public DeviceNumber DeviceOf(TarHeader header, TarEntryType type, byte[] name)
    {
        if (type is not (TarEntryType.CharacterDevice or TarEntryType.BlockDevice))
            return default;
        return header.DeviceMajor is { } major and >= 0 and <= uint.MaxValue
            && header.DeviceMinor is { } minor and >= 0 and <= uint.MaxValue
            ? new DeviceNumber((uint)major, (uint)minor)
            : throw Bad("device number", name);
    }

    public ImageException Bad(string what, ReadOnlySpan<byte> name) => new(
        ImageReason.Corrupt, $"Entry '{TreePath.Display(name)}' of {origin} has an impossible {what}",
        "Fetch or write the archive again");
}
