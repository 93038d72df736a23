using System.Buffers.Text;
using System.Text;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Tar;

/// <summary>Numbers and texts in tar headers. All methods return null for malformed input.</summary>
internal static class TarFields
{
    /// <summary>
    /// A number in a header field: octal digits with spaces or NULs around, or, with the top bit of the first byte
    /// set, big-endian two's complement (GNU's and star's "base-256").
    /// </summary>
    public static long? Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
            return Binary(field);
        field = field.Trim(" \0"u8);
        var value = 0L;
        foreach (var digit in field)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3)
                return null;
            value = (value << 3) | (uint)(digit - '0');
        }
        return value;
    }

    /// <summary>A field up to its NUL, if it has one.</summary>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    /// <summary>A decimal number of an extended header; the whole value must match.</summary>
    public static long? Decimal(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out long value, out var used) && used == text.Length && used > 0 ? value : null;

    /// <summary>
    /// A time of an extended header: decimal seconds with a fraction. Digits below the nanosecond are truncated; the
    /// negative fraction of a time before 1970 is converted to a positive one.
    /// </summary>
    public static InodeTime? Time(ReadOnlySpan<byte> text)
    {
        var negative = text.StartsWith("-"u8);
        var digits = negative ? text[1..] : text;
        var point = digits.IndexOf((byte)'.');
        var whole = point < 0 ? digits : digits[..point];
        var fraction = point < 0 ? [] : digits[(point + 1)..];
        if (whole.IsEmpty || whole[0] is < (byte)'0' or > (byte)'9' || Decimal(whole) is not { } seconds)
            return null;
        var nanoseconds = 0;
        for (var place = 0; place < fraction.Length; place++)
        {
            if (fraction[place] is < (byte)'0' or > (byte)'9')
                return null;
            if (place < 9)
                nanoseconds = (nanoseconds * 10) + (fraction[place] - '0');
        }
        for (var place = fraction.Length; place < 9; place++)
            nanoseconds *= 10;
        if (!negative)
            return new InodeTime(seconds, nanoseconds);
        return nanoseconds == 0 ? new InodeTime(-seconds, 0) : new InodeTime(-seconds - 1, 1_000_000_000 - nanoseconds);
    }

    public static string Utf8(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static long? Binary(ReadOnlySpan<byte> field)
    {
        var negative = (field[0] & 0x40) != 0;
        var value = negative ? -1L : 0L;
        for (var place = 0; place < field.Length; place++)
        {
            // The flag bit is not part of the number; in a negative number it repeats the sign.
            var part = place == 0 && !negative ? field[0] & 0x7F : field[place];
            if (value > long.MaxValue >> 8 || value < long.MinValue >> 8)
                return null;
            value = (value << 8) | (uint)part;
        }
        return value;
    }
}
