using System.Text;

namespace DmAgents.Fleet.Tokens;

/// <summary>
/// Bytes as letters and digits, five bits each, in Crockford's base 32: upper or lower case, no similar letters (o is
/// read as 0, i and l as 1). No character ends the selection of a terminal's double click.
/// </summary>
internal static class TokenWord
{
    public const string Prefix = "dmf";
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    public static int LengthOf(int bytes) => (bytes * 8 + 4) / 5;

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var word = new StringBuilder(LengthOf(bytes.Length));
        var bits = 0;
        var pending = 0;
        foreach (var each in bytes)
        {
            pending = ((pending << 8) | each) & 0xfff;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                word.Append(Alphabet[(pending >> bits) & 31]);
            }
        }
        if (bits > 0)
            word.Append(Alphabet[(pending << (5 - bits)) & 31]);
        return word.ToString();
    }

    /// <summary>Null if the bits after the last byte are not zero, or a character is not in the alphabet.</summary>
    public static byte[]? Decode(ReadOnlySpan<char> word)
    {
        var bytes = new List<byte>(word.Length * 5 / 8);
        var bits = 0;
        var pending = 0;
        foreach (var character in word)
        {
            if (ValueOf(character) is not (>= 0 and var value))
                return null;
            pending = ((pending << 5) | value) & 0xfff;
            bits += 5;
            if (bits < 8)
                continue;
            bits -= 8;
            bytes.Add((byte)(pending >> bits));
        }
        return (pending & ((1 << bits) - 1)) == 0 ? [.. bytes] : null;
    }

    /// <summary>The index of the first character from <paramref name="start"/> on that cannot be in a token.</summary>
    public static int? FirstWrong(string word, int start)
    {
        for (var index = start; index < word.Length; index++)
        {
            if (ValueOf(word[index]) < 0)
                return index;
        }
        return null;
    }

    private static int ValueOf(char character) => char.ToLowerInvariant(character) switch
    {
        'o' => 0,
        'i' or 'l' => 1,
        var lower => char.IsAscii(lower) ? Alphabet.IndexOf(lower) : -1,
    };
}
