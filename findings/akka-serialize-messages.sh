#!/usr/bin/env bash
# Akka.NET 1.5.73: serialize-messages = on beside a persistent actor.
#
# One would guess: the setting sends each message through the serializer that is bound to its type, and leaves Akka's own
# messages alone. An event with a serializer of its own is written by that one, and nothing else looks into it.
# What is so: the journal hands each write to itself in a private envelope (AsyncWriteJournal+Desequenced), which is
# not exempt. It has no binding, so Json.NET, the default, writes it with the raw event inside. An event that Json.NET
# cannot write never gets to the journal: the exception is logged and swallowed, the write is neither confirmed nor
# failed, and the actor waits for it until it is stopped.
#
# Specs that run with the setting need a serializer for System.Object that passes Akka's own objects as they are.
# Needs: the .NET SDK 10.
set -euo pipefail
. "$(dirname "$0")/lib/dotnet.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

project envelope Akka.Persistence=1.5.73
cat > envelope.cs <<'CS'
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Serialization;

var setting = args[0];
using var system = ActorSystem.Create("envelope", ConfigurationFactory.ParseString($$"""
    akka {
      loglevel = ERROR
      stdout-loglevel = OFF
      loggers = ["Errors, envelope"]
      actor {
        serialize-messages = {{setting}}
        serializers.own = "EventSerializer, envelope"
        serialization-bindings { "Event, envelope" = own }
      }
    }
    """));
var writer = system.ActorOf(Props.Create<Writer>());
try
{
    Console.WriteLine($"{setting}: {await writer.Ask<string>("write", TimeSpan.FromSeconds(5))}");
}
catch (AskTimeoutException)
{
    Console.WriteLine($"{setting}: no answer");
}
Console.WriteLine($"{setting}: own serializer {(EventSerializer.Used ? "used" : "not used")}; {Errors.Last ?? "no error"}");

/// <summary>Plain data for a serializer that knows it; for Json.NET a value that leads to itself without end.</summary>
public sealed record Event(string Text)
{
    public Size Size => new(Text.Length);
}

public readonly record struct Size(int Bytes)
{
    public Size Rounded => new((Bytes + 511) / 512 * 512);
}

public sealed class EventSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public static bool Used;
    public override int Identifier => 4711;
    public override string Manifest(object o) => "event.v1";
    public override byte[] ToBinary(object o)
    {
        Used = true;
        return System.Text.Encoding.UTF8.GetBytes(((Event)o).Text);
    }
    public override object FromBinary(byte[] bytes, string manifest) => new Event(System.Text.Encoding.UTF8.GetString(bytes));
}

public sealed class Writer : UntypedPersistentActor
{
    public override string PersistenceId => "writer";
    protected override void OnRecover(object message) { }
    protected override void OnCommand(object message)
    {
        var sender = Sender;
        Persist(new Event("happened"), _ => sender.Tell("persisted"));
    }
}

public sealed class Errors : UntypedActor
{
    public static string? Last;
    protected override void OnReceive(object message)
    {
        if (message is InitializeLogger)
            Sender.Tell(new LoggerInitialized());
        else if (message is Error { Cause: { } cause } error)
            Last = $"{error.Message}: {cause.Message.Split('.')[0].Split('[')[0]}{(cause.Message.Contains("Desequenced") ? "(Desequenced)" : "")}";
    }
}
CS
seen=$(run envelope off; run envelope on)
echo "Akka.Persistence 1.5.73"
echo "$seen"
grep -q '^off: persisted$' <<< "$seen"
grep -q '^on: no answer$' <<< "$seen"
grep -q '^on: .*Swallowing exception.*(Desequenced)$' <<< "$seen"
