using Microsoft.Data.Sqlite;

namespace DmAgents.Agent.Hosting;

/// <summary>The tables of Akka.Persistence.Sql 1.5 in SQLite, with the indices that its queries use and no
/// others.</summary>
/// <remarks>The plugin creates them itself if it may (auto-initialize). It then adds indices on the time and on the
/// number alone, which none of its queries reads: every commit wrote five pages instead of three. An older agent
/// recreates these indices, and this one drops them at its next start.</remarks>
internal static class JournalTables
{
    private const string Tables = """
        create table if not exists journal (
          ordering integer not null primary key autoincrement,
          created integer not null,
          deleted bit not null,
          persistence_id nvarchar(255) not null,
          sequence_number integer not null,
          message varbinary not null,
          manifest nvarchar(500) null,
          identifier integer null,
          writer_uuid nvarchar(128) null);
        create unique index if not exists journal_uq on journal (persistence_id, sequence_number);
        create table if not exists tags (
          ordering_id integer not null,
          tag nvarchar(64) not null,
          sequence_nr integer not null,
          persistence_id nvarchar(255) not null,
          constraint PK_tags primary key (ordering_id, tag));
        create table if not exists snapshot (
          persistence_id nvarchar(255) not null,
          sequence_number integer not null,
          created integer not null,
          snapshot varbinary null,
          manifest nvarchar(500) null,
          serializer_id integer null,
          constraint PK_snapshot primary key (persistence_id, sequence_number));
        """;

    /// <summary>The statements that drop the indices which the plugin creates and no query uses; empty if there are
    /// none. Names of SQLite's own indices begin with sqlite_.</summary>
    private const string Drops = """
        select coalesce(group_concat('drop index "' || name || '"', ';'), '') from sqlite_master
        where type = 'index' and tbl_name in ('journal', 'tags', 'snapshot')
          and name not like 'sqlite_%' and name <> 'journal_uq'
        """;

    /// <summary>Writes only if something differs. If the disk is full, the indices stay until a later start.</summary>
    public static void Prepare(SqliteConnection connection)
    {
        JournalDatabase.Execute(connection, Tables);
        var drops = JournalDatabase.Execute(connection, Drops);
        if (drops.Length == 0)
            return;
        try
        {
            using var transaction = connection.BeginTransaction();
            JournalDatabase.Execute(connection, drops);
            transaction.Commit();
        }
        catch (SqliteException noRoom) when (noRoom.SqliteErrorCode == JournalDatabase.Full)
        {
        }
    }
}
