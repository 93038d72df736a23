using System.Runtime.Versioning;
using System.Text.RegularExpressions;

namespace DmAgents.Images.Exports;

/// <summary>
/// The name under which an export is made, until it is whole: PATH.*.partial. A locked file beside it says to every
/// process of the host that the export is under way. The kernel drops the lock with the process, so that what a crash
/// left is known by it.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed partial class ExportClaim : IDisposable
{
    private const string LockSuffix = ".lock";
    private const int Tries = 5;

    private readonly FileStream held;

    private ExportClaim(string partial, FileStream held) => (Partial, this.held) = (partial, held);

    public string Partial { get; }

    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static ExportClaim Of(string path)
    {
        for (var tries = 1; ; tries++)
        {
            var partial = $"{path}.{Path.GetRandomFileName()}.partial";
            try
            {
                // FileShare.None is an exclusive flock.
                return new ExportClaim(partial, new FileStream(partial + LockSuffix, ExportPlace.NewFile()));
            }
            // Another process cleans up, and took the file for one that was left, before it was locked.
            catch (IOException) when (tries < Tries && File.Exists(partial + LockSuffix))
            {
            }
        }
    }

    /// <summary>Deletes what crashes left of exports to the same path.</summary>
    public static void DeleteLeftOf(string path)
    {
        var name = Path.GetFileName(path);
        var left = Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!)
            .Where(found => Path.GetFileName(found) is var other && other.StartsWith(name, StringComparison.Ordinal)
                && Ours().IsMatch(other.AsSpan(name.Length)))
            .Select(found => found.EndsWith(LockSuffix, StringComparison.Ordinal)
                ? found[..^LockSuffix.Length] : found);
        foreach (var partial in left.Distinct().ToList())
            DeleteLeft(partial);
    }

    public void Dispose()
    {
        // While it is locked: otherwise it could be another's by then.
        File.Delete(held.Name);
        held.Dispose();
    }

    private static void DeleteLeft(string partial)
    {
        FileStream? held = null;
        try
        {
            if (File.Exists(partial + LockSuffix))
            {
                held = new FileStream(
                    partial + LockSuffix, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            }
        }
        // It is under way, or its owner has just ended it.
        catch (IOException)
        {
            return;
        }
        using (held)
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
            else
                File.Delete(partial);
            if (held is not null)
                File.Delete(held.Name);
        }
    }

    /// <summary>What <see cref="Of"/> adds to a path.</summary>
    [GeneratedRegex("^\\.[a-z0-5]{8}\\.[a-z0-5]{3}\\.partial(\\.lock)?$")]
    private static partial Regex Ours();
}
