using System.Runtime.Versioning;
using System.Text.RegularExpressions;

namespace DmAgents.Images.Exports;

/// <summary>
/// The temporary name of an export until it is complete: PATH.*.partial. A locked file beside it shows every process of
/// the host that the export is in progress. The kernel drops the lock when the process ends, which identifies the
/// leftovers of a crash.
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
            // Another process is cleaning up, and took the file for a leftover before it was locked.
            catch (IOException) when (tries < Tries && File.Exists(partial + LockSuffix))
            {
            }
        }
    }

    /// <summary>Deletes leftovers of crashed exports to the same path.</summary>
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
        // While the lock is held: otherwise the file could already be another export's.
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
        // The export is in progress, or has just ended.
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

    /// <summary>The suffix that <see cref="Of"/> adds to a path.</summary>
    [GeneratedRegex("^\\.[a-z0-5]{8}\\.[a-z0-5]{3}\\.partial(\\.lock)?$")]
    private static partial Regex Ours();
}
