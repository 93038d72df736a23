using System.Collections;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Event;
using DmAgents.Actors;
using DmAgents.Domain.Logs;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace DmAgents.Agent.Hosting;

/// <summary>The host's objects that the bridge needs, passed with the actor system's setup.</summary>
internal sealed class AkkaLogSetup(ILoggerFactory loggers) : Setup
{
    public ILoggerFactory Loggers { get; } = loggers;
}

/// <summary>Forwards the actors' log to the agent's own log. Lines of the agent's actors keep their ids and fields;
/// Akka's own messages have one id.</summary>
internal class AkkaLogBridge : UntypedActor
{
    public const string Category = "actors";

    private readonly ILogger _log;

    public AkkaLogBridge()
    {
        var setup = Context.System.Settings.Setup.Get<AkkaLogSetup>();
        _log = setup.Value.Loggers.CreateLogger(Category);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                break;
            case LogEvent { Message: LoggedLine { Line: var line } } logged:
                Forward(line, logged.Cause);
                break;
            case LogEvent logged:
                Forward(logged);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Forward(LogLine line, Exception? cause)
    {
        var level = LevelOf(line.Severity);
        if (_log.IsEnabled(level))
        {
            _log.Log(
                level, new EventId(line.Id, line.Name), new LineFields(line), cause,
                static (fields, _) => fields.ToString());
        }
    }

    private void Forward(LogEvent akkas)
    {
        var level = LevelOf(akkas);
        if (_log.IsEnabled(level))
            _log.Akka(level, akkas.Cause, akkas.LogSource, akkas.Message?.ToString());
    }

    protected virtual LogLevel LevelOf(LogEvent logged) => logged.LogLevel() switch
    {
        Akka.Event.LogLevel.DebugLevel => LogLevel.Debug,
        Akka.Event.LogLevel.InfoLevel => LogLevel.Information,
        Akka.Event.LogLevel.WarningLevel => LogLevel.Warning,
        _ => LogLevel.Error,
    };

    private static LogLevel LevelOf(LogSeverity severity) => severity switch
    {
        LogSeverity.Debug => LogLevel.Debug,
        LogSeverity.Information => LogLevel.Information,
        LogSeverity.Warning => LogLevel.Warning,
        _ => LogLevel.Error,
    };

    /// <summary>A line's fields in the form in which loggers read them.</summary>
    private sealed class LineFields(LogLine line) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        private readonly KeyValuePair<string, object?>[] _fields =
        [
            .. line.Fields.Zip(line.Values, KeyValuePair.Create),
            KeyValuePair.Create("{OriginalFormat}", (object?)line.Template),
        ];

        public int Count => _fields.Length;

        public KeyValuePair<string, object?> this[int index] => _fields[index];

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _fields.AsEnumerable().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => line.ToString();
    }
}
