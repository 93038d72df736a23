using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace DmAgents.Agent.Hosting;

/// <summary>Writes an event as one line: level, name and id of the event, sentence. Events of libraries have
/// their category before the name, or in its place.</summary>
internal sealed class TextLines(string name, TimeProvider time) : ConsoleFormatter(name)
{
    /// <summary>Begins with the time of the day, in UTC.</summary>
    public const string ForPeople = "dmagents-text";

    /// <summary>Begins with the priority by which <c>journalctl -p</c> selects; the journal has the time.</summary>
    public const string ForJournal = "dmagents-journal";

    public override void Write<TState>(
        in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var start = Name == ForJournal
            ? PrefixOf(logEntry.LogLevel)
            : time.GetUtcNow().ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture);
        textWriter.Write(start);
        textWriter.Write(WordOf(logEntry.LogLevel));
        textWriter.Write($" [{NameOf(logEntry.EventId, logEntry.Category)} {logEntry.EventId.Id}] ");
        WriteOnOneLine(textWriter, logEntry.Formatter(logEntry.State, logEntry.Exception));
        if (logEntry.Exception is { } exception)
            WriteOnOneLine(textWriter, $": {exception}");
        textWriter.Write('\n');
    }

    /// <summary>The words of the setting <c>log-level</c>.</summary>
    public static string WordOf(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "critical",
    };

    /// <summary>systemd takes the priority from the start of a line.</summary>
    public static string PrefixOf(LogLevel level) => $"<{PriorityOf(level)}>";

    /// <summary>The names of the agent's own events are unique.</summary>
    private static string NameOf(EventId id, string category) =>
        id.Name is not { } name ? category
        : category is AkkaLogBridge.Category or AgentHost.LogCategory
            || category.StartsWith("DmAgents.", StringComparison.Ordinal) ? name
        : $"{category} {name}";

    /// <summary>As syslog(3) counts them.</summary>
    private static int PriorityOf(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => 7,
        LogLevel.Information => 6,
        LogLevel.Warning => 4,
        LogLevel.Error => 3,
        _ => 2,
    };

    /// <summary>The text may be a peer's: no part of it looks like a line of its own.</summary>
    private static void WriteOnOneLine(TextWriter writer, string text)
    {
        foreach (var character in text)
            writer.Write(char.IsControl(character) ? ' ' : character);
    }
}
