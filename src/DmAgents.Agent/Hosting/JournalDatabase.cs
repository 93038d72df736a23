using Akka.Configuration;
using Akka.Persistence.Sql;
using DmAgents.Agent.Configuration;
using Microsoft.Data.Sqlite;

namespace DmAgents.Agent.Hosting;

/// <summary>The host's journal: one SQLite file, durable at each commit.</summary>
internal static class JournalDatabase
{
    /// <summary>
    /// Sets what is kept in the file itself, checks that it is sound, and makes the view that people read. synchronous
    /// is FULL by SQLite's own default in each connection: with a write-ahead log that is one fsync per commit.
    /// </summary>
    /// <exception cref="SettingsException">The file is damaged, or no SQLite database.</exception>
    public static void Prepare(AgentSettings settings)
    {
        Directory.CreateDirectory(settings.JournalDirectory,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            using var connection = new SqliteConnection(ConnectionString(settings));
            connection.Open();
            Execute(connection, "pragma journal_mode = wal");
            if (Execute(connection, "pragma quick_check") is var sound and not "ok")
                throw Damaged(settings, sound);
            Execute(connection, """
                create view if not exists readable as
                select ordering, datetime(created / 1000, 'unixepoch') as at_utc, persistence_id, sequence_number, manifest,
                       cast(message as text) as event
                from journal order by ordering
                """);
        }
        catch (SqliteException cause)
        {
            throw Damaged(settings, cause.Message);
        }
    }

    public static Config Configuration(AgentSettings settings) => ConfigurationFactory.ParseString($$"""
        akka.persistence {
          journal {
            plugin = "akka.persistence.journal.sql"
            sql {
              connection-string = "{{ConnectionString(settings)}}"
              provider-name = "SQLite.MS"
              auto-initialize = on
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
              provider-name = "SQLite.MS"
              auto-initialize = on
            }
          }
        }
        """).WithFallback(SqlPersistence.DefaultConfiguration);

    private static string ConnectionString(AgentSettings settings) => $"Data Source={settings.JournalFile}";

    private static string Execute(SqliteConnection connection, string sql)
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
