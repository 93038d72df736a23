using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Dispatch;
using Akka.Event;

namespace DmAgents.Actors.Tests.Support;

/// <summary>What an actor system logged. Errors that no test expected fail it.</summary>
internal sealed class AgentLog : Setup
{
    private readonly ConcurrentQueue<LogEvent> _events = [];
    private readonly ConcurrentQueue<UnhandledMessage> _unhandled = [];
    private readonly ConcurrentBag<Predicate<Error>> _expected = [];

    /// <summary>What an operator would be alarmed by, in order.</summary>
    public IEnumerable<string> Alarms => _events.Where(e => e is Warning or Error)
        .Select(e => $"{e.LogSource}: {e.Message} {e.Cause}");

    public IEnumerable<string> Warnings => _events.OfType<Warning>().Select(e => e.Message.ToString()!);

    /// <summary>Messages that their receiver does not know count too: their sender waits for the outcome. What the
    /// agent reports of a pool or a database does not: the test made it so.</summary>
    public IEnumerable<string> UnexpectedErrors => _events.OfType<Error>()
        .Where(error => error.Message is not LoggedLine { Line.Name: "pool-unavailable" or "pool-wrong"
            or "pool-unusable" or "device-lost" or "fleet-database-refused" })
        .Where(error => !_expected.Any(expected => expected(error)))
        .Select(error => $"{error.LogSource}: {error.Message} {error.Cause}")
        .Concat(_unhandled.Select(message => $"{message.Recipient} does not know {message.Message}"));

    public void Expect(Predicate<Error> error) => _expected.Add(error);

    public bool Has(Predicate<Error> error) => _events.OfType<Error>().Any(e => error(e));

    internal sealed class Logger : UntypedActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
    {
        private readonly AgentLog _log = Context.System.Settings.Setup.Get<AgentLog>().Value;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case InitializeLogger:
                    Context.System.EventStream.Subscribe(Self, typeof(UnhandledMessage));
                    Sender.Tell(new LoggerInitialized());
                    break;
                case LogEvent happened:
                    _log._events.Enqueue(happened);
                    break;
                case UnhandledMessage unhandled:
                    _log._unhandled.Enqueue(unhandled);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }
    }
}
