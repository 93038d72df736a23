using System.Runtime.InteropServices;

namespace DmAgents.Images.Sources;

/// <summary>
/// What an image runs on, in the words of the OCI specification (Go's): <c>linux/amd64</c>, <c>linux/arm/v7</c>.
/// </summary>
public sealed record Platform(string Os, string Architecture, string? Variant = null)
{
    /// <summary>Linux on this machine's processor.</summary>
    public static Platform Host { get; } = new(
        "linux",
        RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            var other => other.ToString().ToLowerInvariant(),
        });

    /// <summary>Null if the text is not of the form os/architecture or os/architecture/variant.</summary>
    public static Platform? TryParse(string text)
    {
        var parts = text.Split('/');
        return parts.Length is 2 or 3 && parts.All(part => part.Length > 0)
            ? new Platform(parts[0], parts[1], parts.ElementAtOrDefault(2))
            : null;
    }

    /// <summary>Whether an image for <paramref name="other"/> is one for this; no variant here takes any.</summary>
    public bool Takes(Platform other) =>
        Os == other.Os && Architecture == other.Architecture && (Variant is null || Variant == other.Variant);

    public override string ToString() => Variant is null ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";
}
