using System.Text.RegularExpressions;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Archives;

/// <summary>Which member names belong to an image layout, and which show that a tar is a root file system.</summary>
internal static partial class LayoutNames
{
    public const string OciLayout = "oci-layout";
    public const string OciIndex = "index.json";
    public const string DockerManifest = "manifest.json";

    public enum Kind
    {
        /// <summary>Both could have it.</summary>
        Neutral,

        Layout,
        Foreign,
    }

    /// <summary>The name without "./", doubled slashes and a slash at the end.</summary>
    public static string Normalize(ReadOnlySpan<byte> name) => Normalize(TarFields.Utf8(name));

    public static string Normalize(string name) =>
        string.Join('/', name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."));

    public static Kind KindOf(string name, TarEntryType type)
    {
        if (name.Length == 0)
            return Kind.Neutral;
        if (Known().IsMatch(name))
            return Kind.Layout;
        return type == TarEntryType.File && !name.Contains('/') ? Kind.Neutral : Kind.Foreign;
    }

    // OCI: blobs and two documents. Docker: one directory for each layer, or layers and config named by their digest,
    // as podman, skopeo, crane and nix write them in their own variations.
    [GeneratedRegex(
        "^(oci-layout|index\\.json|manifest\\.json|repositories|blobs(/.*)?|(sha256:)?[0-9a-f]{12,}"
        + "(\\.json|\\.tar|\\.tar\\.gz|\\.tar\\.zst|/|/VERSION|/json|/layer\\.tar)?)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Known();
}
