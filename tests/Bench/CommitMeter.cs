using System.Diagnostics;
using Akka.Actor;
using Akka.Persistence;
using DmAgents.Actors;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using Microsoft.Data.Sqlite;

namespace DmAgents.Bench;

/// <summary>The price of one journal commit: one persistent actor, one small event after the other, through the
/// daemon's journal plugin with the daemon's settings, into a journal of its own on the same disk.</summary>
internal sealed class CommitMeter : IAsyncDisposable
{
    private readonly ActorSystem _system;
    private readonly IActorRef _writer;

    public CommitMeter(AgentSettings settings)
    {
        JournalDatabase.Prepare(settings);
        _system = ActorSystem.Create("commits", JournalDatabase.Configuration(settings)
            .WithFallback("akka { loglevel = WARNING, stdout-loglevel = WARNING }")
            .WithFallback(ActorsConfig.Default));
        _writer = _system.ActorOf(Props.Create(() => new Writer()), "writer");
    }

    /// <summary>From Persist to its handler, in ticks of <see cref="Stopwatch"/>, for each of so many.</summary>
    public Task<long[]> Measure(int count) => _writer.Ask<long[]>(count, TimeSpan.FromSeconds(60));

    public async ValueTask DisposeAsync() => await _system.Terminate().ConfigureAwait(false);

    private sealed class Writer : UntypedPersistentActor
    {
        public override string PersistenceId => "commits";

        protected override void OnRecover(object message)
        {
        }

        protected override void OnCommand(object message)
        {
            switch (message)
            {
                case int count:
                    Next(new long[count], index: 0, Sender);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        private void Next(long[] taken, int index, IActorRef asker)
        {
            var begun = Stopwatch.GetTimestamp();
            Persist(new PoolEvents.Created(new ThinId(1), TimeProvider.System.GetUtcNow()), _ =>
            {
                taken[index] = Stopwatch.GetTimestamp() - begun;
                if (index + 1 < taken.Length)
                    Next(taken, index + 1, asker);
                else
                    asker.Tell(taken);
            });
        }
    }
}

/// <summary>For comparison: an insert that SQLite commits durably by itself, on one open connection.</summary>
internal sealed class BareCommit : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;

    public BareCommit(string file)
    {
        _connection = new SqliteConnection($"Data Source={file}");
        _connection.Open();
        using (var schema = _connection.CreateCommand())
        {
            schema.CommandText = """
                pragma journal_mode = wal;
                pragma synchronous = full;
                create table events (ordering integer primary key autoincrement, id text, number integer, event blob);
                create unique index events_by_id on events (id, number);
                """;
            schema.ExecuteNonQuery();
        }
        _insert = _connection.CreateCommand();
        _insert.CommandText = "insert into events (id, number, event) values ('pool', $number, $event)";
        _insert.Parameters.AddWithValue("$number", 0L);
        _insert.Parameters.AddWithValue("$event", new byte[80]);
    }

    public long[] Measure(int count)
    {
        var taken = new long[count];
        for (var i = 0; i < count; i++)
        {
            _insert.Parameters[0].Value = (long)_insert.Parameters[0].Value! + 1;
            var begun = Stopwatch.GetTimestamp();
            _insert.ExecuteNonQuery();
            taken[i] = Stopwatch.GetTimestamp() - begun;
        }
        return taken;
    }

    public void Dispose()
    {
        _insert.Dispose();
        _connection.Dispose();
    }
}
