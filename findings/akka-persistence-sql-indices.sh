#!/usr/bin/env bash
# Akka.Persistence.Sql 1.5.73: the indices of the journal's table.
#
# One would guess: each index that the plugin makes (auto-initialize = on) serves a query of the plugin.
# What is so: journal_created_idx and journal_sequence_number_idx serve none. They are written with each event: a commit of
# one event writes five pages to SQLite's log instead of three. Without them writing, recovery and deletion do what they did;
# at the next start the plugin makes them again, unless auto-initialize is off.
# Needs: the .NET SDK 10.
set -euo pipefail
lib=$(cd "$(dirname "$0")/lib" && pwd)
. "$lib/dotnet.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

project indices Akka.Persistence.Sql=1.5.73 Microsoft.Data.Sqlite=10.0.15
cp "$lib/sql-journal.cs" .
cat > indices.cs <<'CS'
using Akka.Actor;
using Akka.Persistence;
using Microsoft.Data.Sqlite;

const int Events = 50;
using var connection = new SqliteConnection("Data Source=journal.db");
connection.Open();
Run("pragma journal_mode = wal");
Console.WriteLine($"by the plugin: {await PagesOfACommit("on")} pages a commit");
foreach (var index in Names())
    Console.WriteLine($"index: {index}");
Run("drop index journal_created_idx; drop index journal_sequence_number_idx");
Console.WriteLine($"without the two: {await PagesOfACommit("off")} pages a commit");
Console.WriteLine($"with auto-initialize again: {await PagesOfACommit("on")} pages a commit");

// One event after the other, in an actor that recovers what is there and deletes half of it at the end.
async Task<int> PagesOfACommit(string initialize)
{
    using var system = SqlJournal.Open("s", $"auto-initialize = {initialize}");
    var writer = system.ActorOf(Props.Create<Writer>());
    await writer.Ask<int>(1, TimeSpan.FromSeconds(60));
    Run("pragma wal_checkpoint(truncate)");
    await writer.Ask<int>(Events, TimeSpan.FromSeconds(60));
    var log = new FileInfo("journal.db-wal").Length;
    await writer.Ask<DeleteMessagesSuccess>("delete", TimeSpan.FromSeconds(60));
    return (int)((log - 32) / (24 + 4096) / Events);
}

List<string> Names()
{
    using var command = connection.CreateCommand();
    command.CommandText = "select name from sqlite_master where type = 'index' and tbl_name = 'journal' order by name";
    using var reader = command.ExecuteReader();
    var names = new List<string>();
    while (reader.Read())
        names.Add(reader.GetString(0));
    return names;
}

void Run(string sql)
{
    using var command = connection.CreateCommand();
    command.CommandText = sql;
    command.ExecuteNonQuery();
}

public sealed class Writer : UntypedPersistentActor
{
    private IActorRef _asker = ActorRefs.Nobody;

    public override string PersistenceId => "writer";

    protected override void OnRecover(object message)
    {
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case int count:
                Next(count, Sender);
                break;
            case string:
                _asker = Sender;
                DeleteMessages(LastSequenceNr / 2);
                break;
            case DeleteMessagesSuccess:
                _asker.Tell(message);
                break;
        }
    }

    private void Next(int left, IActorRef asker) => Persist("an event", _ =>
    {
        if (left > 1)
            Next(left - 1, asker);
        else
            asker.Tell(0);
    });
}
CS
seen=$(run indices)
echo "Akka.Persistence.Sql 1.5.73"
echo "$seen"
grep -qx 'by the plugin: 5 pages a commit' <<< "$seen"
grep -qx 'index: journal_created_idx' <<< "$seen"
grep -qx 'index: journal_sequence_number_idx' <<< "$seen"
grep -qx 'without the two: 3 pages a commit' <<< "$seen"
grep -qx 'with auto-initialize again: 5 pages a commit' <<< "$seen"
