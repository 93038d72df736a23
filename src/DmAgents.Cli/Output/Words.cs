using System.Text;

namespace DmAgents.Cli.Output;

/// <summary>Values as words for people.</summary>
internal static class Words
{
    /// <summary>LowData becomes "low data".</summary>
    public static string Of<T>(T value) where T : struct, Enum
    {
        var text = new StringBuilder();
        foreach (var letter in value.ToString())
        {
            if (char.IsUpper(letter) && text.Length > 0)
                text.Append(' ');
            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }

    public static string YesNo(bool value) => value ? "yes" : "no";

    public static string OrNone(string value) => value.Length == 0 ? "none" : value;

    public static string OrDash(string value) => value.Length == 0 ? "-" : value;

    public static string Count(int number, string one) => Count((ulong)number, one);

    public static string Count(ulong number, string one) => number == 1 ? $"1 {one}" : $"{number} {one}s";

    /// <summary>Shortens a digest to twelve digits, enough to distinguish it from all others of one host. Keeps the
    /// text before a digest, as in the keys of containerd's snapshots.</summary>
    public static string Short(string digest)
    {
        var colon = digest.LastIndexOf(':');
        var hex = digest[(colon + 1)..];
        if (hex.Length <= 12 || !hex.All(char.IsAsciiHexDigit))
            return digest;
        var start = digest[..(colon + 1)];
        var slash = start.LastIndexOf('/');
        return start[..(slash + 1)] + hex[..12];
    }

    public static string Percent(ulong part, ulong whole) => whole == 0 ? "-" : $"{Share(part, whole)}%";

    /// <summary>Rounds down, so that 100 means full, not nearly full.</summary>
    public static int Share(ulong part, ulong whole) =>
        whole == 0 ? 0 : (int)Math.Min(100, (decimal)part * 100 / whole);
}
