using Akka.Event;
using DmAgents.Domain.Logs;

namespace DmAgents.Actors;

/// <summary>A line of the agent's own in Akka's log. The agent's log bridge takes the event's id, name and fields from
/// it; any other logger sees its text.</summary>
public sealed class LoggedLine(LogLine line) : LogMessage(SemanticLogMessageFormatter.Instance, line.Template)
{
    public LogLine Line => line;

    public override string Unformatted() => line.Template;

    public override IEnumerable<object> Parameters() => line.Values.Select(value => value ?? "");

    public override string ToString() => line.ToString();
}

/// <summary>The only way by which actors log.</summary>
internal static class LogLines
{
    public static void Write(this ILoggingAdapter log, LogLine line, Exception? cause = null)
    {
        var level = line.Severity switch
        {
            LogSeverity.Debug => LogLevel.DebugLevel,
            LogSeverity.Information => LogLevel.InfoLevel,
            LogSeverity.Warning => LogLevel.WarningLevel,
            _ => LogLevel.ErrorLevel,
        };
        log.Log(level, cause, new LoggedLine(line));
    }
}
