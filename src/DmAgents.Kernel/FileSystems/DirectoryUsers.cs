using System.Globalization;
using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.FileSystems;

/// <summary>Finds processes that have a file open in a directory or below it (proc(5): fd).</summary>
/// <remarks>One file per process. Processes in other mount namespaces are found if they see the directory under the
/// same path.</remarks>
internal static class DirectoryUsers
{
    public static IReadOnlyList<DirectoryUser> Of(string directory, DirectoryInfo proc)
    {
        var users = new List<DirectoryUser>();
        foreach (var process in proc.EnumerateDirectories())
        {
            if (!int.TryParse(process.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || FilesOf(process.FullName).FirstOrDefault(file => IsWithin(file, directory)) is not { } file)
                continue;
            var name = ProcFile.Read(Path.Combine(process.FullName, "comm"))?.TrimEnd('\n') ?? "";
            users.Add(new DirectoryUser(id, name, file));
        }
        return [.. users.OrderBy(user => user.ProcessId)];
    }

    private static bool IsWithin(string file, string directory) =>
        file == directory || file.StartsWith(directory.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static IEnumerable<string> FilesOf(string process) =>
        Descriptors(process).Select(ProcFile.Target).OfType<string>();

    /// <summary>Empty if the process has exited.</summary>
    public static string[] Descriptors(string process)
    {
        try
        {
            return Directory.GetFileSystemEntries(Path.Combine(process, "fd"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
