using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Sql.Journal;

namespace DmAgents.Agent.Tests.Support;

/// <summary>The daemon's own journal, whose writes stay unanswered while a test holds them.</summary>
/// <remarks>Akka makes the plugin by its class name: its configuration names the line to the test.</remarks>
internal sealed class HeldJournal(Config config) : SqlWriteJournal(config)
{
    private static readonly ConcurrentDictionary<string, Line> _lines = new();

    private readonly Line _line = _lines[config.GetString("line")];

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(
        IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        // The plugin needs the actor's turn, which ends with the first wait: what waits is its answer.
        var taken = await base.WriteMessagesAsync(messages, cancellationToken);
        await _line.Pass(cancellationToken);
        return taken;
    }

    /// <summary>From a test to the journal of its agent.</summary>
    internal sealed class Line
    {
        private readonly string _name = Guid.NewGuid().ToString("N");
        private TaskCompletionSource _reached = New();
        private TaskCompletionSource? _held;

        public Line() => _lines[_name] = this;

        public Config Configuration => ConfigurationFactory.ParseString($$"""
            akka.persistence.journal.sql {
              class = "{{typeof(HeldJournal).AssemblyQualifiedName}}"
              line = "{{_name}}"
            }
            """);

        /// <summary>Done when a write waits for its answer.</summary>
        public Task Reached => _reached.Task;

        /// <summary>Writes are not answered from here on.</summary>
        public void Hold() => (_reached, _held) = (New(), New());

        public void Release() => Interlocked.Exchange(ref _held, null)?.SetResult();

        public async Task Pass(CancellationToken cancellation)
        {
            if (Volatile.Read(ref _held) is not { } held)
                return;
            _reached.TrySetResult();
            await held.Task.WaitAsync(cancellation);
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
