using System.Data.Common;
using DmAgents.Actors.Fleet.Database;
using LinqToDB;
using LinqToDB.Interceptors;
using Microsoft.Data.Sqlite;

namespace DmAgents.Actors.Tests.Fleet.Entities;

/// <summary>A fleet's journal in one file that all hosts of a process share, and that a test takes away and gives
/// back. The tables are those of the real one, with the key that fences writers.</summary>
internal sealed class SqliteDatabase : FleetDatabase, IDisposable
{
    private const string Tables = """
        create table journal (
          ordering integer primary key autoincrement, deleted integer not null,
          persistence_id text not null, sequence_number integer not null, created integer not null, tags text,
          message blob not null, identifier integer, manifest text, writer_uuid text,
          unique (persistence_id, sequence_number));
        create table snapshot (
          persistence_id text not null, sequence_number integer not null, created integer not null,
          snapshot blob not null, manifest text, serializer_id integer,
          primary key (persistence_id, sequence_number));
        """;

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"fleet-{Guid.NewGuid():N}.db");
    private volatile bool _isAway;
    private long _probes;

    public SqliteDatabase()
    {
        Execute("pragma journal_mode = wal");
        Execute(Tables);
    }

    public override string Where => "a file";

    /// <summary>How often a host looked for it.</summary>
    public long Probes => Interlocked.Read(ref _probes);

    /// <summary>The fleet that has it; null: none yet.</summary>
    public FleetIdentity? Owner { get; set; }

    internal override string Provider => "SQLite.MS";

    internal override DataOptions Options =>
        new DataOptions().UseConnectionString(Provider, Connection).UseInterceptor(new Outage(this));

    private string Connection => $"Data Source={_file};Pooling=False";

    public void GoAway() => _isAway = true;

    public void ComeBack() => _isAway = false;

    /// <summary>The number that the statement gives.</summary>
    public long Execute(string sql)
    {
        using var connection = new SqliteConnection(Connection);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long number ? number : 0;
    }

    public void Dispose()
    {
        foreach (var file in new[] { _file, _file + "-wal", _file + "-shm" })
            File.Delete(file);
    }

    internal override DatabaseProbe Probe(FleetIdentity fleet) => new Looking(this, fleet);

    private void Open()
    {
        if (_isAway)
            throw new IOException("connection refused");
    }

    private sealed class Looking(SqliteDatabase database, FleetIdentity fleet) : DatabaseProbe
    {
        public override Task CheckAsync(CancellationToken cancellation)
        {
            Interlocked.Increment(ref database._probes);
            database.Open();
            if (database.Owner is { } owner)
                PostgresSchema.Judge(owner, PostgresSchema.Version, fleet);
            return Task.CompletedTask;
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Outage(SqliteDatabase database) : ConnectionInterceptor
    {
        public override void ConnectionOpening(ConnectionEventData eventData, DbConnection connection) =>
            database.Open();

        public override Task ConnectionOpeningAsync(
            ConnectionEventData eventData, DbConnection connection, CancellationToken cancellationToken)
        {
            database.Open();
            return Task.CompletedTask;
        }
    }
}
