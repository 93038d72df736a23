using System.Collections.Immutable;
using DmAgents.Actors.Journals;
using DmAgents.Agent.Configuration;
using Microsoft.Data.Sqlite;

namespace DmAgents.Agent.Hosting;

/// <summary>Deletes old rows from the tables of Akka.Persistence.Sql in the journal's file.</summary>
/// <remarks>Later rows reuse the pages of deleted ones, so the file keeps its largest size. Only a large amount of
/// unused space is returned: moving pages costs writes.</remarks>
internal sealed class SqliteJournalRows(AgentSettings settings) : IJournalRows
{
    /// <summary>Unused bytes left in the file.</summary>
    private const long Spare = 8 << 20;

    /// <summary>Pages per step, about a millisecond of work.</summary>
    private const int PagesAtOnce = 100;

    /// <summary>A write-ahead log of this size came from a large transaction, and is truncated. SQLite's own limit for
    /// a checkpoint is 4 MiB.</summary>
    private const long LargeLog = 16 << 20;

    private SqliteConnection? _connection;

    public ImmutableArray<string> IdsWithSnapshot() => Guarded(() =>
    {
        using var command = Command("select distinct persistence_id from snapshot");
        using var reader = command.ExecuteReader();
        var ids = ImmutableArray.CreateBuilder<string>();
        while (reader.Read())
            ids.Add(reader.GetString(0));
        return ids.ToImmutable();
    });

    public long? KeepLatestSnapshot(string id) => Guarded<long?>(() =>
    {
        using var latest = Command("select max(sequence_number) from snapshot where persistence_id = $id", ("$id", id));
        if (latest.ExecuteScalar() is not long number)
            return null;
        Execute(
            "delete from snapshot where persistence_id = $id and sequence_number < $latest",
            ("$id", id), ("$latest", number));
        return number;
    });

    public int DeleteEvents(string id, long before, int limit) => Guarded(() => Execute(
        """
        delete from journal where ordering in (
          select ordering from journal where persistence_id = $id and sequence_number < $before
          order by sequence_number limit $limit)
        """,
        ("$id", id), ("$before", before), ("$limit", limit)));

    public void DeleteSnapshots(string id) =>
        Guarded(() => Execute("delete from snapshot where persistence_id = $id", ("$id", id)));

    public bool Shrink() => Guarded(() =>
    {
        var isMuch = Number("pragma freelist_count") * Number("pragma page_size") > Spare;
        // 2: incremental. A file of an earlier version is rewritten at the next start instead.
        if (isMuch && Number("pragma auto_vacuum") == 2)
        {
            Execute($"pragma incremental_vacuum({PagesAtOnce})");
            return true;
        }
        var log = new FileInfo(settings.JournalFile + "-wal");
        if (log.Exists && log.Length > LargeLog)
            Execute("pragma wal_checkpoint(truncate)");
        return false;
    });

    /// <summary>The next call reopens it.</summary>
    public void Dispose()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private T Guarded<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (SqliteException cause)
        {
            throw new IOException($"{settings.JournalFile}: {cause.Message.TrimEnd('.')}", cause);
        }
    }

    private int Execute(string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        using var command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    private long Number(string sql)
    {
        using var command = Command(sql);
        return (long)(command.ExecuteScalar() ?? 0L);
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        _connection ??= JournalDatabase.Connect(settings);
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);
        return command;
    }
}
