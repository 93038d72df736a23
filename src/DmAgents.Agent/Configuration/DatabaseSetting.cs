using DmAgents.Actors.Fleet.Database;

namespace DmAgents.Agent.Configuration;

/// <summary>The setting of a fleet's database: a connection string of the driver, or a file that holds one. It can be a
/// secret, so no message repeats it. If the file is unusable, the fleet's changes are refused but the agent starts: the
/// host's own work needs no database.</summary>
internal static class DatabaseSetting
{
    public const string Rule =
        "empty, \"Host=...;Port=...;Database=...;Username=...;Passfile=...\" as deploy/fleet/database.sh prints it, or "
        + "the path of a file that holds such a line";

    private const UnixFileMode OfOthers =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Null: the fleet has no database.</summary>
    /// <param name="text">A path begins with a slash, which no key of the driver does.</param>
    /// <param name="problem">A fault of the text itself; empty if there is none.</param>
    public static FleetDatabase? Read(string text, out string problem)
    {
        problem = "";
        if (text.Length == 0)
            return null;
        if (text.StartsWith('/'))
        {
            var ofFile = OfFile(text, out var why);
            return why.Length == 0 ? ofFile : new UnusableDatabase(text, why);
        }
        var database = Parse(text, out var hasPassword, out problem);
        // All users can read the configuration.
        if (hasPassword)
            problem = "it holds a password; name a Passfile, or write the line into a file that root alone reads";
        return problem.Length > 0 ? null : database;
    }

    private static PostgresDatabase? OfFile(string path, out string problem)
    {
        string[] lines;
        try
        {
            if ((File.GetUnixFileMode(path) & OfOthers) != 0)
            {
                problem = $"{path} is open to other users than its owner; next: chmod 0600 {path}";
                return null;
            }
            lines = [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            problem = $"{path} cannot be read ({cause.Message.TrimEnd('.')})";
            return null;
        }
        if (lines.Length != 1)
        {
            problem = $"{path} has {lines.Length} lines besides comments, and has to have one";
            return null;
        }
        var database = Parse(lines[0], out _, out problem);
        problem = problem.Length == 0 ? "" : $"{path}: {problem}";
        return database;
    }

    private static PostgresDatabase? Parse(string text, out bool hasPassword, out string problem)
    {
        hasPassword = false;
        if (!PostgresDatabase.TryParse(text, out var database, out problem))
            return null;
        problem = "";
        hasPassword = database.HoldsPassword;
        return database;
    }
}
