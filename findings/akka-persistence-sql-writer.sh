#!/usr/bin/env bash
# Akka.Persistence.Sql 1.5.73: an entity that moves from one host to another, and back.
#
# One would guess: writer_uuid in the journal is a new one for each life of a persistent actor, as Akka.Persistence makes
# it. The replay filter, on by default (repair-by-discard-old), leaves out what a writer wrote after it was replaced, and
# of an entity that is in one place at a time it leaves out nothing.
# What is so: the plugin writes the identity of its own journal actor, one for each actor system, into each row. An entity
# that lived on host a, then on b, then on a again has rows of a, b, a. At each later recovery the filter takes the last
# ones for those of an old writer: events that were acknowledged, and are in the table, are left out. With the filter off
# they are there.
#
# What helps: replay-filter.mode = off for the plugin. Its table has a unique key of entity and number, which refuses a
# second writer's row.
# Needs: the .NET SDK 10.
set -euo pipefail
lib=$(cd "$(dirname "$0")/lib" && pwd)
. "$lib/dotnet.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

project writer Akka.Persistence.Sql=1.5.73 Microsoft.Data.Sqlite=10.0.15
cp "$lib/sql-journal.cs" .
cat > writer.cs <<'CS'
using Akka.Actor;
using Akka.Persistence;

using var a = Host("a", "repair-by-discard-old");
using var b = Host("b", "repair-by-discard-old");
Console.WriteLine($"a writes: {await Live(a, "one")}");
Console.WriteLine($"b writes: {await Live(b, "two")}");
Console.WriteLine($"a writes: {await Live(a, "three")}");
Console.WriteLine($"recovered by default: {await Live(b, null)}");
using var unfiltered = Host("c", "off");
Console.WriteLine($"recovered without the filter: {await Live(unfiltered, null)}");

// One life of the entity: it recovers, writes, shows what it has, and ends before the next one begins.
static async Task<string> Live(ActorSystem host, string? writes)
{
    var entity = host.ActorOf(Props.Create<Entity>());
    var has = await entity.Ask<string>(writes ?? "", TimeSpan.FromSeconds(30));
    await entity.GracefulStop(TimeSpan.FromSeconds(30));
    return has;
}

static ActorSystem Host(string name, string filter) =>
    SqlJournal.Open(name, $"auto-initialize = on\nreplay-filter.mode = {filter}");

public sealed class Entity : UntypedPersistentActor
{
    private readonly List<string> _events = [];

    public override string PersistenceId => "entity";

    protected override void OnRecover(object message)
    {
        if (message is string written)
            _events.Add(written);
    }

    protected override void OnCommand(object message)
    {
        var sender = Sender;
        if (message is not string { Length: > 0 } writes)
        {
            sender.Tell(string.Join(' ', _events));
            return;
        }
        Persist(writes, written =>
        {
            _events.Add(written);
            sender.Tell(string.Join(' ', _events));
        });
    }
}
CS
seen=$(run writer)
echo "Akka.Persistence.Sql 1.5.73"
echo "$seen"
grep -qx 'a writes: one two three' <<< "$seen"
grep -qx 'recovered by default: one two' <<< "$seen"
grep -qx 'recovered without the filter: one two three' <<< "$seen"
