using System.Globalization;
using System.Text.RegularExpressions;

namespace DmAgents.Cli.Containerd;

/// <summary>A release of containerd, and which of the two configurations it needs.</summary>
internal sealed partial record ContainerdVersion(string Text, int Major, int Minor)
{
    /// <summary>The oldest release with the proxy plug-ins and imports that the configuration relies on.</summary>
    public const string Oldest = "1.6";

    /// <summary>From 2.0 on, clients unpack through the transfer service. 3.x is unknown.</summary>
    public string? Snippet => (Major, Minor) switch
    {
        (1, >= 6) => "dmagents-1.toml",
        (2, _) => "dmagents-2.toml",
        _ => null,
    };

    /// <summary>
    /// Reads a version such as 1.7.24 or v2.1.4, and the output of containerd --version: the program, its Go package,
    /// the version (1.6.20~ds1 in Debian), the commit.
    /// </summary>
    public static ContainerdVersion? Of(string text)
    {
        var found = Words().Match(text);
        return found.Success
            ? new ContainerdVersion(found.Value.TrimStart('v'), Number(found, 1), Number(found, 2))
            : null;
    }

    private static int Number(Match found, int group) =>
        int.Parse(found.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<!\S)v?([0-9]{1,4})\.([0-9]{1,4})(?:\.[0-9]+)?(?:[-+~][\w.~+-]*)?(?!\S)",
        RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
