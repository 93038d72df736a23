using System.Globalization;
using System.Text;

namespace DmAgents.Images.Tests.Support;

/// <summary>Writes tar archives byte by byte, so that tests can also write what no sound program would.</summary>
internal sealed class TarBytes
{
    private readonly MemoryStream bytes = new();

    public static ReadOnlySpan<byte> Capability => [1, 0, 0, 2, 0x80, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    public TarBytes Directory(string name, int mode = 0x1ED, long time = 1000) => Entry(name, '5', mode: mode,
        time: time);

    public TarBytes File(string name, string content, int mode = 0x1A4, long uid = 0, long gid = 0, long time = 1000) =>
        Entry(name, '0', content: Encoding.UTF8.GetBytes(content), mode: mode, uid: uid, gid: gid, time: time);

    public TarBytes Symlink(string name, string target) => Entry(name, '2', target);

    public TarBytes HardLink(string name, string target) => Entry(name, '1', target);

    /// <summary>A pax extended header for the next entry; values may hold any bytes.</summary>
    public TarBytes Pax(params (string Key, byte[] Value)[] records) => Extended('x', records);

    public TarBytes Pax(string key, string value) => Pax((key, Encoding.UTF8.GetBytes(value)));

    public TarBytes GlobalPax(string key, string value) => Extended('g', [(key, Encoding.UTF8.GetBytes(value))]);

    public TarBytes Entry(
        string name, char type, string link = "", byte[]? content = null, int mode = 0x1A4, long uid = 0, long gid = 0,
        long time = 1000, int major = 0, int minor = 0, Action<byte[]>? change = null)
    {
        var header = new byte[512];
        Encoding.UTF8.GetBytes(name).CopyTo(header, 0);
        Octal(header, 100, 8, mode);
        Octal(header, 108, 8, uid);
        Octal(header, 116, 8, gid);
        Octal(header, 124, 12, content?.Length ?? 0);
        Octal(header, 136, 12, time);
        header[156] = (byte)type;
        Encoding.UTF8.GetBytes(link).CopyTo(header, 157);
        "ustar\00000"u8.CopyTo(header.AsSpan(257));
        Octal(header, 329, 8, major);
        Octal(header, 337, 8, minor);
        change?.Invoke(header);
        Checksum(header);
        bytes.Write(header);
        Content(content ?? []);
        return this;
    }

    /// <summary>Bytes as they are, to the next block.</summary>
    public TarBytes Content(byte[] content)
    {
        bytes.Write(content);
        bytes.Write(new byte[-content.Length & 511]);
        return this;
    }

    /// <summary>The archive with its end marker.</summary>
    public byte[] End()
    {
        bytes.Write(new byte[1024]);
        return bytes.ToArray();
    }

    public byte[] WithoutEnd() => bytes.ToArray();

    public static void Checksum(byte[] header)
    {
        header.AsSpan(148, 8).Fill((byte)' ');
        var sum = header.Sum(value => (long)value);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
    }

    private TarBytes Extended(char type, (string Key, byte[] Value)[] records)
    {
        using var content = new MemoryStream();
        foreach (var (key, value) in records)
        {
            // The length counts its own digits.
            var rest = 1 + Encoding.UTF8.GetByteCount(key) + 1 + value.Length + 1;
            var length = rest + 1;
            while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length)
                length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
            content.Write(Encoding.UTF8.GetBytes($"{length} {key}="));
            content.Write(value);
            content.WriteByte((byte)'\n');
        }
        return Entry("PaxHeader", type, content: content.ToArray());
    }

    private static void Octal(byte[] header, int offset, int size, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(size - 1, '0')).CopyTo(header, offset);
}
