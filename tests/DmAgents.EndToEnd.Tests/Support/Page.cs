namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>A page of the project, and what is to be typed of it.</summary>
internal static class Page
{
    /// <summary>The lines of the first code block below the paragraph that begins with <paramref name="beginning"/>.
    /// A remark after two blanks and # is cut off.</summary>
    public static IReadOnlyList<string> Typed(string file, string beginning)
    {
        var lines = File.ReadAllLines($"{Places.Root}/{file}").SkipWhile(
            line => !line.StartsWith(beginning, StringComparison.Ordinal));
        return
        [
            .. lines.SkipWhile(line => line != "```").Skip(1).TakeWhile(line => line != "```")
                .Select(line => line.Split("  #")[0].TrimEnd()).Where(line => line.Length > 0),
        ];
    }
}
