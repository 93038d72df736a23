namespace DmAgents.Kernel.FileSystems;

/// <summary>Files of proc and sysfs, which may vanish between being found and being read.</summary>
internal static class ProcFile
{
    /// <summary>The text, or null where it is gone or may not be read.</summary>
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

    /// <summary>What a link says, or null where it is gone or may not be read.</summary>
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
