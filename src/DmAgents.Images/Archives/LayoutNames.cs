using System.Text.RegularExpressions;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Archives;

/// <summary>Which member names belong to an image layout, and which show that a tar is a root file system.</summary>
internal static partial class LayoutNames
{
    public const string OciLayout = "oci-layout";
    public const string OciIndex = "index.json";
    public const string DockerManifest = "manifest.json";

    /// <summary>Beside a manifest, the mark of what skopeo and podman write into <c>dir:</c>.</summary>
    public const string SkopeoVersion = "version";

    // The Filesystem Hierarchy Standard's, and those of its relatives; no writer of image layouts uses one of them.
    private static readonly HashSet<string> RootNames = new(StringComparer.Ordinal)
    {
        "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "nix", "opt", "proc",
        "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var",
    };

    /// <summary>The name without "./", doubled slashes and a slash at the end.</summary>
    public static string Normalize(ReadOnlySpan<byte> name) => Normalize(TarFields.Utf8(name));

    public static string Normalize(string name) =>
        string.Join('/', name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."));

    /// <summary>Whether an image layout can have a member of this name; others it may have all the same.</summary>
    public static bool IsOfLayout(string name) => Known().IsMatch(name);

    /// <summary>Whether a tree that has this at its top is a root file system.</summary>
    public static bool IsOfRoot(string name) =>
        RootNames.Contains(name.IndexOf('/', StringComparison.Ordinal) is var end and > 0 ? name[..end] : name);

    /// <summary>The folder that holds the member; empty for the top.</summary>
    public static string FolderOf(string name) =>
        name.LastIndexOf('/') is var end and > 0 ? name[..end] : "";

    // OCI: blobs and two documents. Docker: one directory for each layer, or layers and config named by their digest,
    // as podman, skopeo, crane and nix write them in their own variations.
    [GeneratedRegex(
        "^(oci-layout|index\\.json|manifest\\.json|repositories|blobs(/.*)?|(sha256:)?[0-9a-f]{12,}"
        + "(\\.json|\\.tar|\\.tar\\.gz|\\.tar\\.zst|/|/VERSION|/json|/layer\\.tar)?)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Known();
}
