using System.Globalization;
using System.Runtime.InteropServices;

namespace DmAgents.Images.Sources;

/// <summary>
/// An image's platform, in the terms of the OCI specification (Go's): <c>linux/amd64</c>, <c>linux/arm/v7</c>.
/// </summary>
public sealed record Platform(string Os, string Architecture, string? Variant = null)
{
    public const string Form = "os/architecture or os/architecture/variant, such as linux/amd64 or linux/arm/v7";

    /// <summary>Linux on this machine's processor.</summary>
    public static Platform Host { get; } = RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => new("linux", "amd64"),
        System.Runtime.InteropServices.Architecture.X86 => new("linux", "386"),
        System.Runtime.InteropServices.Architecture.Arm64 => new("linux", "arm64"),
        System.Runtime.InteropServices.Architecture.Arm => new("linux", "arm", "v7"),
        System.Runtime.InteropServices.Architecture.Armv6 => new("linux", "arm", "v6"),
        System.Runtime.InteropServices.Architecture.LoongArch64 => new("linux", "loong64"),
        var other => new("linux", other.ToString().ToLowerInvariant()),
    };

    /// <summary>
    /// Null if the text does not have the form os/architecture or os/architecture/variant. Also accepts the kernel's
    /// and Debian's names of processors.
    /// </summary>
    public static Platform? TryParse(string text)
    {
        var parts = text.ToLowerInvariant().Split('/');
        return parts.Length is 2 or 3 && parts.All(IsWord)
            ? new Platform(parts[0], parts[1], parts.ElementAtOrDefault(2)).Normal
            : null;
    }

    /// <summary>True if an image for <paramref name="other"/> runs on this platform.</summary>
    public bool Takes(Platform other) => DistanceTo(other) is not null;

    /// <summary>
    /// The distance of an image for <paramref name="other"/> from this platform: 0 if they are the same, more if it
    /// runs here as well, null if it does not. Without a variant here, any variant is accepted, the most general first.
    /// A numbered variant accepts lower ones, the nearest first.
    /// </summary>
    public int? DistanceTo(Platform other)
    {
        var (here, there) = (Normal, other.Normal);
        if (here.Os != there.Os || here.Architecture != there.Architecture)
            return null;
        if (here.Variant == there.Variant)
            return 0;
        return (here.Level, there.Level) switch
        {
            ({ } own, { } lower) when lower <= own => 1 + own - lower,
            (_, { } any) when here.Variant is null => 1000 + any,
            _ when here.Variant is null => int.MaxValue,
            _ => null,
        };
    }

    public override string ToString() => Variant is null ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";

    /// <summary>The same platform under its usual name, as in containerd's platforms package.</summary>
    private Platform Normal => (Architecture, Variant) switch
    {
        ("x86_64" or "x86-64" or "amd64", null or "" or "v1") => this with { Architecture = "amd64", Variant = null },
        ("x86_64" or "x86-64", _) => this with { Architecture = "amd64" },
        ("aarch64" or "arm64", null or "" or "8" or "v8") => this with { Architecture = "arm64", Variant = null },
        ("aarch64", _) => this with { Architecture = "arm64" },
        ("i386" or "i686", _) => this with { Architecture = "386", Variant = null },
        ("armhf", _) or ("arm", null or "" or "7") => this with { Architecture = "arm", Variant = "v7" },
        ("armel", _) => this with { Architecture = "arm", Variant = "v6" },
        ("arm", "5" or "6" or "8") => this with { Variant = "v" + Variant },
        (_, "") => this with { Variant = null },
        _ => this,
    };

    private int? Level => (Architecture, Variant) switch
    {
        ("amd64", null) => 1,
        ("arm64", null) => 8,
        (_, ['v', .. var digits]) when int.TryParse(
            digits, NumberStyles.None, CultureInfo.InvariantCulture, out var level) && level < 1000 => level,
        _ => null,
    };

    private static bool IsWord(string part) =>
        part.Length > 0 && part.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
}
