using System.Data.Common;
using System.Globalization;
using Akka.Configuration;
using Akka.Persistence.Sql;
using Akka.Persistence.Sql.Config;
using DmAgents.Agent.Configuration;
using LinqToDB;
using LinqToDB.Interceptors;
using Microsoft.Data.Sqlite;

namespace DmAgents.Agent.Hosting;

/// <summary>The host's journal: one SQLite file, durable at each commit.</summary>
internal static class JournalDatabase
{
    /// <summary>A readable view of the events for operators. The plugin writes .NET's ticks: 100 ns each, since the
    /// year 1.</summary>
    private const string Readable = """
        CREATE VIEW readable as
        select ordering, datetime((created - 621355968000000000) / 10000000, 'unixepoch') as at_utc,
               persistence_id, sequence_number, manifest, cast(message as text) as event
        from journal order by ordering
        """;

    private const string Provider = "SQLite.MS";

    /// <summary>SQLITE_BUSY and SQLITE_LOCKED.</summary>
    private const int Busy = 5, Locked = 6;

    /// <summary>SQLITE_FULL.</summary>
    internal const int Full = 13;

    /// <summary>SQLITE_INTERRUPT.</summary>
    private const int Interrupted = 9;

    /// <summary>How long a connection waits for another one's write. SQLite retries after 1, 2, 5 and at most 100 ms.
    /// Microsoft.Data.Sqlite by itself retries after 150 ms, which would delay a prepare beside a sweep.</summary>
    private const int BusyWait = 20_000;

    /// <summary>A file of an earlier version is rewritten if less than this is in use. That takes about a second, so
    /// the start does not wait long.</summary>
    private const long QuicklyMade = 64 << 20;

    /// <summary>Sets the options that the file itself stores, checks its integrity, and creates the view for operators.
    /// synchronous is FULL by SQLite's own default in each connection: with a write-ahead log that is one fsync per
    /// commit.</summary>
    /// <exception cref="SettingsException">The file is damaged, is no SQLite database, or another program has locked
    /// it.</exception>
    /// <exception cref="OperationCanceledException">The agent is stopping before it has started.</exception>
    public static void Prepare(AgentSettings settings, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        Directory.CreateDirectory(settings.JournalDirectory,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            using var connection = Connect(settings);
            using var end = cancellation.Register(() => SQLitePCL.raw.sqlite3_interrupt(connection.Handle));
            // Effective only before the first page is written; in any other file it would change the header.
            if (Execute(connection, "pragma page_count") == "0")
                Execute(connection, "pragma auto_vacuum = incremental");
            Execute(connection, "pragma journal_mode = wal");
            if (Execute(connection, "pragma quick_check") is var sound and not "ok")
                throw Damaged(settings, sound);
            JournalTables.Prepare(connection);
            // Written only if it differs, as an older agent's does: a full disk must not block a start.
            if (Execute(connection, "select sql from sqlite_master where name = 'readable'") != Readable)
                Execute(connection, $"drop view if exists readable; {Readable}");
            ShrinkWhereMostIsUnused(connection);
        }
        catch (SqliteException cause) when (cause.SqliteErrorCode == Interrupted)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (SqliteException cause) when (cause.SqliteErrorCode is Busy or Locked)
        {
            throw new SettingsException(
                $"the journal {settings.JournalFile} is locked by another program ({cause.Message.TrimEnd('.')}). "
                + "Nothing was changed. End that program (fuser names it), then start the agent again");
        }
        catch (SqliteException cause) when (cause.SqliteErrorCode is Full)
        {
            throw new SettingsException(
                $"the journal {settings.JournalFile} cannot be written ({cause.Message.TrimEnd('.')}). Nothing was "
                + "changed. Make room on its disk, then start the agent again");
        }
        catch (SqliteException cause)
        {
            throw Damaged(settings, cause.Message);
        }
    }

    /// <summary>A connection of its own, outside the pool of the journal's plugins.</summary>
    public static SqliteConnection Connect(AgentSettings settings)
    {
        var connection = new SqliteConnection(ConnectionString(settings) + ";Pooling=False");
        connection.Open();
        Waiting.Patiently(connection);
        return connection;
    }

    /// <summary>For the journal and snapshot plugins: their connections wait as SQLite does.</summary>
    public static DataOptionsSetup Connections(AgentSettings settings) => new(OptionsFor(settings));

    internal static DataOptions OptionsFor(AgentSettings settings) =>
        new DataOptions().UseConnectionString(Provider, ConnectionString(settings)).UseInterceptor(new Waiting());

    public static Config Configuration(AgentSettings settings) => ConfigurationFactory.ParseString($$"""
        akka.persistence {
          journal {
            plugin = "akka.persistence.journal.sql"
            sql {
              connection-string = "{{ConnectionString(settings)}}"
              provider-name = "{{Provider}}"
              auto-initialize = off
              {{Patience}}
              # One writer: waiting to fill a batch would only make each commit later.
              parallelism = 1
              buffer-size = 5000
              batch-size = 400
            }
          }
          snapshot-store {
            plugin = "akka.persistence.snapshot-store.sql"
            sql {
              connection-string = "{{ConnectionString(settings)}}"
              provider-name = "{{Provider}}"
              auto-initialize = off
              {{Patience}}
            }
          }
        }
        """).WithFallback(SqlPersistence.DefaultConfiguration);

    /// <summary>A file on the same host cannot become unreachable like a server: a slow call completes. No call is
    /// therefore abandoned on a host without free processor or disk time. SQLite reports failures at once; they do not
    /// make later calls fail that would succeed.</summary>
    private const string Patience = """
        recovery-event-timeout = 10m
                      circuit-breaker { max-failures = 1000000000, call-timeout = 10m, reset-timeout = 5s }
        """;

    /// <summary>Files from before sweeps existed: their unused pages cannot be returned one by one.</summary>
    private static void ShrinkWhereMostIsUnused(SqliteConnection connection)
    {
        long Number(string sql) => long.Parse(Execute(connection, sql), CultureInfo.InvariantCulture);
        var (pages, unused) = (Number("pragma page_count"), Number("pragma freelist_count"));
        var used = (pages - unused) * Number("pragma page_size");
        if (unused <= pages / 2 || used > QuicklyMade || Number("pragma auto_vacuum") != 0)
            return;
        try
        {
            Execute(connection, "pragma auto_vacuum = incremental");
            Execute(connection, "vacuum");
            Execute(connection, "pragma wal_checkpoint(truncate)");
        }
        // All or nothing: without room for a copy the file stays as it is until the next start.
        catch (SqliteException noRoom) when (noRoom.SqliteErrorCode == Full)
        {
        }
    }

    /// <summary>Sets how each connection waits when it is opened.</summary>
    private sealed class Waiting : ConnectionInterceptor
    {
        public static void Patiently(SqliteConnection connection) =>
            SQLitePCL.raw.sqlite3_busy_timeout(connection.Handle, BusyWait);

        public override void ConnectionOpened(ConnectionEventData eventData, DbConnection connection) =>
            Patiently((SqliteConnection)connection);

        public override Task ConnectionOpenedAsync(
            ConnectionEventData eventData, DbConnection connection, CancellationToken cancellationToken)
        {
            Patiently((SqliteConnection)connection);
            return Task.CompletedTask;
        }
    }

    private static string ConnectionString(AgentSettings settings) => $"Data Source={settings.JournalFile}";

    internal static string Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()?.ToString() ?? "";
    }

    private static SettingsException Damaged(AgentSettings settings, string why) => new(
        $"the journal {settings.JournalFile} cannot be used: {why.TrimEnd('.')}. Nothing was changed. Restore it from "
        + $"a copy of the same time as the pools; or move {settings.JournalDirectory} away, start the agent again, "
        + "and have it take over each pool with what the pool has: dmagent pool adopt NAME");
}
