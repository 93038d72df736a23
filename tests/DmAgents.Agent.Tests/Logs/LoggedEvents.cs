using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using DmAgents.Actors;
using DmAgents.Agent.Hosting;
using DmAgents.Domain.Logs;
using DmAgents.Engine.Pools;
using Microsoft.Extensions.Logging;

namespace DmAgents.Agent.Tests.Logs;

/// <summary>A kind of event that the agent logs.</summary>
/// <param name="Level">Null: the event has several.</param>
/// <param name="Area">The class that defines it.</param>
internal sealed record LoggedEvent(int Id, string Name, LogLevel? Level, string Template, string Area);

/// <summary>All events that the agent logs, and what the page for operators says of them.</summary>
internal static partial class LoggedEvents
{
    public static string Root { get; } = RootOf();

    public static string Page { get; } = File.ReadAllText(Path.Combine(Root, "deploy/ALERTS.md"));

    /// <summary>By LoggerMessage.</summary>
    public static IReadOnlyList<LoggedEvent> OfTheAgent { get; } =
    [
        .. from type in typeof(AgentHost).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
           let logged = method.GetCustomAttribute<LoggerMessageAttribute>()
           where logged is not null
           select new LoggedEvent(
               logged.EventId, logged.EventName ?? "", logged.Level == LogLevel.None ? null : logged.Level,
               logged.Message, type.Name),
    ];

    /// <summary>Of projects without a logging library.</summary>
    public static IReadOnlyList<(LoggedEvent Event, LogLine Line)> OfActors { get; } =
    [
        .. from assembly in new[] { typeof(PoolInputs).Assembly, typeof(LoggedLine).Assembly }
           from type in assembly.GetTypes()
           where type.Name.EndsWith("Log", StringComparison.Ordinal)
           from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public)
           where method.ReturnType == typeof(LogLine)
           let line = (LogLine)method.Invoke(null, [.. method.GetParameters().Select(NothingOf)])!
           select (new LoggedEvent(line.Id, line.Name, LevelOf(line.Severity), line.Template, type.Name), line),
    ];

    /// <summary>A method that chooses among several events counts as one of them.</summary>
    public static IReadOnlyList<LoggedEvent> All { get; } =
        [.. OfTheAgent, .. OfActors.Select(found => found.Event).Distinct()];

    /// <summary>The rows of the page's table of events: id, name, levels.</summary>
    public static IEnumerable<(int Id, string Name, string Levels)> Rows =>
        from Match row in Row().Matches(Page)
        select (Number(row.Groups[1].Value), row.Groups[2].Value, row.Groups[3].Value);

    /// <summary>The rows of the page's table of ids.</summary>
    public static IEnumerable<(int First, int Last)> Ranges =>
        from Match row in Range().Matches(Page)
        select (Number(row.Groups[1].Value), Number(row.Groups[2].Value));

    /// <summary>The files below src that a person wrote.</summary>
    public static IEnumerable<string> Sources(string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, "src"), pattern, SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal));

    private static object? NothingOf(ParameterInfo parameter) => parameter.ParameterType.IsValueType
        ? RuntimeHelpers.GetUninitializedObject(parameter.ParameterType)
        : null;

    private static LogLevel LevelOf(LogSeverity severity) => severity switch
    {
        LogSeverity.Debug => LogLevel.Debug,
        LogSeverity.Information => LogLevel.Information,
        LogSeverity.Warning => LogLevel.Warning,
        _ => LogLevel.Error,
    };

    private static int Number(string digits) => int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);

    private static string RootOf([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../.."));

    [GeneratedRegex(@"^\| (\d{4}) \| (\S+) \| ([a-z, ]+) \| [^|]{10,} \| [^|]{6,} \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| (\d{4})-(\d{4}) \| ", RegexOptions.Multiline)]
    private static partial Regex Range();
}
