using System.Text.RegularExpressions;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Archives;

/// <summary>The member names of an image layout, and those that identify a root file system.</summary>
internal static partial class LayoutNames
{
    public const string OciLayout = "oci-layout";
    public const string OciIndex = "index.json";
    public const string DockerManifest = "manifest.json";

    /// <summary>Beside a manifest, this file identifies skopeo's and podman's <c>dir:</c> format.</summary>
    public const string SkopeoVersion = "version";

    // From the Filesystem Hierarchy Standard and its relatives; no writer of image layouts uses these names.
    private static readonly HashSet<string> RootNames = new(StringComparer.Ordinal)
    {
        "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "nix", "opt", "proc",
        "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var",
    };

    /// <summary>The name without "./", double slashes and a trailing slash.</summary>
    public static string Normalize(ReadOnlySpan<byte> name) => Normalize(TarFields.Utf8(name));

    public static string Normalize(string name) =>
        string.Join('/', name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."));

    /// <summary>True if an image layout may have a member of this name; it may also have others.</summary>
    public static bool IsOfLayout(string name) => Known().IsMatch(name);

    /// <summary>True if a tree with this name at its top is a root file system.</summary>
    public static bool IsOfRoot(string name) =>
        RootNames.Contains(name.IndexOf('/', StringComparison.Ordinal) is var end and > 0 ? name[..end] : name);

    /// <summary>The member's folder; empty for the top.</summary>
    public static string FolderOf(string name) =>
        name.LastIndexOf('/') is var end and > 0 ? name[..end] : "";

    // OCI: blobs and two documents. Docker: one directory per layer, or layers and config named by their digest, in the
    // variations of podman, skopeo, crane and nix.
    [GeneratedRegex(
        "^(oci-layout|index\\.json|manifest\\.json|repositories|blobs(/.*)?|(sha256:)?[0-9a-f]{12,}"
        + "(\\.json|\\.tar|\\.tar\\.gz|\\.tar\\.zst|/|/VERSION|/json|/layer\\.tar)?)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Known();
}
