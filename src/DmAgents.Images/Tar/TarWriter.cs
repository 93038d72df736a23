using System.Globalization;
using System.Text;
using System.Text.Unicode;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Tar;

/// <summary>
/// Writes a tar in the pax format (POSIX.1-2001). An entry gets an extended header only for what the plain header
/// cannot hold, so that the same entries give the same bytes.
/// </summary>
internal sealed class TarWriter(Stream output)
{
    /// <summary>The largest numbers of seven and eleven octal digits.</summary>
    private const long LargestId = 0x1FFFFF;
    private const long LargestNumber = 0x1FFFFFFFF;

    private const int ReadableFile = 0x1A4; // 0644

    private static readonly byte[] Zeros = new byte[TarHeader.BlockSize];

    private long left;
    private int padding;

    /// <summary>Begins an entry. Its content follows; for a file with extents only these, in their order.</summary>
    public void Begin(TarEntry entry)
    {
        var map = entry.Extents is null ? [] : SparseMap(entry.Extents);
        var packed = entry.Type != TarEntryType.File ? 0
            : map.Length + (entry.Extents?.Sum(extent => extent.Length) ?? entry.Size);
        var records = Records(entry, packed);
        if (records.Length > 0)
        {
            WriteHeader(entry with { Name = PaxName(entry.Name) }, 'x', records.Length, isPax: true);
            output.Write(records);
            Pad(records.Length);
        }
        WriteHeader(entry, TypeFlag(entry.Type), packed, isPax: false);
        output.Write(map);
        left = packed - map.Length;
        padding = PaddingOf(packed);
    }

    public void Write(ReadOnlySpan<byte> content)
    {
        left -= content.Length;
        if (left < 0)
            throw new InvalidOperationException("more content than the entry was begun with");
        output.Write(content);
    }

    public void End()
    {
        if (left != 0)
            throw new InvalidOperationException("less content than the entry was begun with");
        output.Write(Zeros.AsSpan(0, padding));
    }

    /// <summary>Writes the end of the archive.</summary>
    public void Finish()
    {
        output.Write(Zeros);
        output.Write(Zeros);
    }

    /// <summary>The number of zeros that fill the last block of content of this size.</summary>
    public static int PaddingOf(long size) =>
        (int)((TarHeader.BlockSize - (size % TarHeader.BlockSize)) % TarHeader.BlockSize);

    /// <summary>A header of a file whose bytes are available, with fixed owner, mode and time.</summary>
    /// <param name="name">At most 100 bytes of ASCII.</param>
    public static byte[] PlainHeader(string name, long size)
    {
        var block = new byte[TarHeader.BlockSize];
        var entry = new TarEntry(
            Encoding.ASCII.GetBytes(name), [], TarEntryType.File, new Permissions(ReadableFile), Owner.Root, default,
            default, size, [], null, []);
        FillHeader(block, entry, '0', size, isPax: false);
        return block;
    }

    private void Pad(long size) => output.Write(Zeros.AsSpan(0, PaddingOf(size)));

    private void WriteHeader(TarEntry entry, char flag, long size, bool isPax)
    {
        Span<byte> block = stackalloc byte[TarHeader.BlockSize];
        block.Clear();
        FillHeader(block, entry, flag, size, isPax);
        output.Write(block);
    }

    private static void FillHeader(Span<byte> block, TarEntry entry, char flag, long size, bool isPax)
    {
        Text(block[..100], entry.Name);
        Octal(block.Slice(100, 8), isPax ? ReadableFile : entry.Permissions.Bits);
        Octal(block.Slice(108, 8), isPax || entry.Owner.Uid > LargestId ? 0 : entry.Owner.Uid);
        Octal(block.Slice(116, 8), isPax || entry.Owner.Gid > LargestId ? 0 : entry.Owner.Gid);
        if (size <= LargestNumber)
            Octal(block.Slice(124, 12), size);
        else
            Binary(block.Slice(124, 12), size);
        var seconds = entry.ModificationTime.Seconds;
        Octal(block.Slice(136, 12), isPax || seconds is < 0 or > LargestNumber ? 0 : seconds);
        block[156] = (byte)flag;
        if (!isPax)
            Text(block.Slice(157, 100), entry.LinkName);
        "ustar\0"u8.CopyTo(block[257..]);
        "00"u8.CopyTo(block[263..]);
        if (flag is '3' or '4')
        {
            Octal(block.Slice(329, 8), entry.Device.Major);
            Octal(block.Slice(337, 8), entry.Device.Minor);
        }
        block.Slice(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var one in block)
            sum += one;
        Octal(block.Slice(148, 7), sum);
    }

    private static byte[] Records(TarEntry entry, long packed)
    {
        var records = new List<(string Key, byte[] Value)>();
        if (entry.Extents is not null)
        {
            records.Add(("GNU.sparse.major", "1"u8.ToArray()));
            records.Add(("GNU.sparse.minor", "0"u8.ToArray()));
            records.Add(("GNU.sparse.name", entry.Name));
            records.Add(("GNU.sparse.realsize", Decimal(entry.Size)));
        }
        // Otherwise a reader may take these for text of its own locale, and refuse them.
        if (!Utf8.IsValid(entry.Name) || !Utf8.IsValid(entry.LinkName))
            records.Add(("hdrcharset", "BINARY"u8.ToArray()));
        if (IsForPax(entry.Name))
            records.Add(("path", entry.Name));
        if (IsForPax(entry.LinkName))
            records.Add(("linkpath", entry.LinkName));
        if (packed > LargestNumber)
            records.Add(("size", Decimal(packed)));
        if (entry.Owner.Uid > LargestId)
            records.Add(("uid", Decimal(entry.Owner.Uid)));
        if (entry.Owner.Gid > LargestId)
            records.Add(("gid", Decimal(entry.Owner.Gid)));
        if (entry.ModificationTime is { Nanoseconds: not 0 } or { Seconds: < 0 or > LargestNumber })
            records.Add(("mtime", Time(entry.ModificationTime)));
        foreach (var xattr in entry.Xattrs)
            records.Add(Record(xattr));
        using var bytes = new MemoryStream();
        foreach (var (key, value) in records)
            WriteRecord(bytes, Encoding.UTF8.GetBytes(key), value);
        return bytes.ToArray();
    }

    /// <summary>Raw, as nearly all tools read it. A record's key cannot contain an equals sign, so such a name is
    /// written in libarchive's form.</summary>
    private static (string Key, byte[] Value) Record(Xattr xattr) => xattr.Name.Contains('=', StringComparison.Ordinal)
        ? ("LIBARCHIVE.xattr." + Uri.EscapeDataString(xattr.Name),
            Encoding.ASCII.GetBytes(Convert.ToBase64String(xattr.Value.Span).TrimEnd('=')))
        : ("SCHILY.xattr." + xattr.Name, xattr.Value.ToArray());

    /// <summary>"length key=value\n"; the length includes its own digits.</summary>
    private static void WriteRecord(MemoryStream bytes, byte[] key, byte[] value)
    {
        var rest = key.Length + value.Length + 3;
        var length = rest + Decimal(rest).Length;
        length = rest + Decimal(length).Length;
        bytes.Write(Decimal(length));
        bytes.WriteByte((byte)' ');
        bytes.Write(key);
        bytes.WriteByte((byte)'=');
        bytes.Write(value);
        bytes.WriteByte((byte)'\n');
    }

    /// <summary>GNU's sparse format 1.0: numbers in lines, padded to a block.</summary>
    private static byte[] SparseMap(IReadOnlyList<SparseExtent> extents)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{extents.Count}\n");
        foreach (var extent in extents)
            text.Append(CultureInfo.InvariantCulture, $"{extent.Offset}\n{extent.Length}\n");
        var map = new byte[text.Length + PaddingOf(text.Length)];
        Encoding.ASCII.GetBytes(text.ToString(), map);
        return map;
    }

    private static bool IsForPax(ReadOnlySpan<byte> name) =>
        name.Length > 100 || name.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E) >= 0;

    /// <summary>Without a trailing slash, which some readers take for a directory's.</summary>
    private static byte[] PaxName(byte[] name) =>
        [.. "PaxHeaders.0/"u8, .. name.AsSpan(0, Math.Min(name.Length, 87)).TrimEnd((byte)'/')];

    private static byte[] Time(InodeTime time)
    {
        var (seconds, nanoseconds) = (time.Seconds, time.Nanoseconds);
        var sign = "";
        if (seconds < 0)
        {
            // The fraction counts from the previous second.
            sign = "-";
            (seconds, nanoseconds) = nanoseconds == 0
                ? (-seconds, 0)
                : (-seconds - 1, 1_000_000_000 - nanoseconds);
        }
        var text = nanoseconds == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{sign}{seconds}")
            : string.Create(CultureInfo.InvariantCulture, $"{sign}{seconds}.{nanoseconds:D9}").TrimEnd('0');
        return Encoding.ASCII.GetBytes(text);
    }

    private static byte[] Decimal(long number) =>
        Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private static void Text(Span<byte> field, ReadOnlySpan<byte> text) =>
        text[..Math.Min(text.Length, field.Length)].CopyTo(field);

    /// <summary>Octal digits and a NUL.</summary>
    private static void Octal(Span<byte> field, long number)
    {
        for (var place = field.Length - 2; place >= 0; place--, number >>= 3)
            field[place] = (byte)('0' + (number & 7));
        field[^1] = 0;
    }

    /// <summary>GNU's form for numbers that octal digits cannot hold.</summary>
    private static void Binary(Span<byte> field, long number)
    {
        for (var place = field.Length - 1; place > 0; place--, number >>= 8)
            field[place] = (byte)number;
        field[0] = 0x80;
    }

    private static char TypeFlag(TarEntryType type) => type switch
    {
        TarEntryType.File => '0',
        TarEntryType.HardLink => '1',
        TarEntryType.Symlink => '2',
        TarEntryType.CharacterDevice => '3',
        TarEntryType.BlockDevice => '4',
        TarEntryType.Directory => '5',
        TarEntryType.Fifo => '6',
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type of entry"),
    };
}
