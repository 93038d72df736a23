using System.Buffers;
using System.Globalization;
using System.Text;

namespace DmAgents.Agent.Containerd.Filters;

/// <summary>Reads the text between two quotation marks, with the escapes of a Go string: \a \b \f \n \r \t \v, \\, the
/// mark itself, three octal digits, \x, \u and \U. Any other escape is an error: in <c>~=/\\d+/</c> the backslash is
/// doubled.</summary>
internal static class QuotedText
{
    /// <summary>Octal and \x escapes are bytes. Bytes that are not UTF-8 become one low surrogate each: no name or
    /// label holds these, so such a value equals nothing and differs from everything, as it should.</summary>
    /// <param name="at">The opening mark; afterwards the index after the closing one.</param>
    public static string Read(string text, ref int at)
    {
        var opening = at;
        var mark = text[at++];
        var bytes = new List<byte>();
        while (true)
        {
            if (at == text.Length || text[at] == '\n')
                throw new FilterSyntaxException(opening, $"this {mark} is never closed");
            if (text[at] == mark)
            {
                at++;
                return FromUtf8([.. bytes]);
            }
            if (text[at] == '\\')
            {
                Escape(text, mark, ref at, bytes);
                continue;
            }
            var rune = Rune.GetRuneAt(text, at);
            Append(bytes, rune);
            at += rune.Utf16SequenceLength;
        }
    }

    private static void Escape(string text, char mark, ref int at, List<byte> bytes)
    {
        var from = at++;
        var letter = at < text.Length ? text[at] : '\0';
        switch (letter)
        {
            case >= '0' and <= '7':
                bytes.Add((byte)Number(text, from, digits: 3, radix: 8, byte.MaxValue, ref at));
                return;
            case 'x':
                at++;
                bytes.Add((byte)Number(text, from, digits: 2, radix: 16, byte.MaxValue, ref at));
                return;
            case 'u' or 'U':
                at++;
                var code = Number(text, from, digits: letter == 'u' ? 4 : 8, radix: 16, 0x10FFFF, ref at);
                // Go writes half a surrogate pair as U+FFFD.
                Append(bytes, Rune.TryCreate(code, out var rune) ? rune : Rune.ReplacementChar);
                return;
        }
        at++;
        bytes.Add(letter switch
        {
            'a' => 7,
            'b' => 8,
            't' => 9,
            'n' => 10,
            'v' => 11,
            'f' => 12,
            'r' => 13,
            '\\' => (byte)'\\',
            _ when letter == mark => (byte)mark,
            _ => throw new FilterSyntaxException(from, "this escape is not known; a backslash itself is written \\\\"),
        });
    }

    private static uint Number(string text, int from, int digits, int radix, uint most, ref int at)
    {
        var number = 0u;
        for (var end = at + digits; at < end; at++)
        {
            var digit = at < text.Length && char.IsAsciiHexDigit(text[at])
                ? int.Parse(text.AsSpan(at, 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                : radix;
            if (digit >= radix)
                throw new FilterSyntaxException(from, $"this escape wants {digits} digits of base {radix}");
            // Eight hexadecimal digits fill it exactly.
            number = number * (uint)radix + (uint)digit;
        }
        return number <= most ? number : throw new FilterSyntaxException(from, "this escape is out of range");
    }

    private static void Append(List<byte> bytes, Rune rune)
    {
        Span<byte> utf8 = stackalloc byte[4];
        bytes.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
    }

    private static string FromUtf8(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var taken) == OperationStatus.Done)
                text.Append(rune.ToString());
            else
                foreach (var stray in bytes[..taken])
                    text.Append((char)(0xDC00 + stray));
            bytes = bytes[taken..];
        }
        return text.ToString();
    }
}
