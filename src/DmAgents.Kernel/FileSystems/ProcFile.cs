namespace DmAgents.Kernel.FileSystems;

/// <summary>Files of proc and sysfs, which may disappear between listing and reading.</summary>
internal static class ProcFile
{
    /// <summary>The text, or null if the file is gone or may not be read.</summary>
    public static string? Read(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A link's target, or null if the link is gone or may not be read.</summary>
    public static string? Target(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
