using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Event;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace DmAgents.Agent.Hosting;

/// <summary>The host's objects that the bridge needs, passed with the actor system's setup.</summary>
internal sealed class AkkaLogSetup(ILoggerFactory loggers) : Setup
{
    public ILoggerFactory Loggers { get; } = loggers;
}

/// <summary>Forwards the actors' log to the agent's own log.</summary>
internal class AkkaLogBridge : UntypedActor
{
    private readonly ILogger _log;

    public AkkaLogBridge()
    {
        var setup = Context.System.Settings.Setup.Get<AkkaLogSetup>();
        _log = setup.Value.Loggers.CreateLogger("actors");
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                break;
            case LogEvent logged:
                _log.Log(LevelOf(logged), logged.Cause, "{Message}", logged.Message?.ToString());
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected virtual LogLevel LevelOf(LogEvent logged) => logged.LogLevel() switch
    {
        Akka.Event.LogLevel.DebugLevel => LogLevel.Debug,
        Akka.Event.LogLevel.InfoLevel => LogLevel.Information,
        Akka.Event.LogLevel.WarningLevel => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}
