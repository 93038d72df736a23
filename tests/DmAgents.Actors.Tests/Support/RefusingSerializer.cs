using System.Collections.Concurrent;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace DmAgents.Actors.Tests.Support;

/// <summary>
/// What has no serializer of its own is written by nothing: a message of ours that gets here fails its spec. Akka's own
/// pass as they are: its journal hands events to itself in an envelope that is private, and checked all the same.
/// </summary>
public sealed class RefusingSerializer(ExtendedActorSystem system) : Serializer(system)
{
    /// <summary>So many are kept for tests that read them.</summary>
    private const long Kept = 100_000;

    /// <summary>Of all instances: while a system with a cluster starts, one writes what another reads.</summary>
    private static readonly ConcurrentDictionary<long, object> _passing = [];
    private static long _passed;

    public override int Identifier => 20499;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
    {
        if (obj.GetType().FullName!.StartsWith("DmAgents.", StringComparison.Ordinal))
            throw new SerializationException($"{obj.GetType()} has no manifest: it must not cross between actors");
        var number = Interlocked.Increment(ref _passed);
        _passing[number] = obj;
        _passing.TryRemove(number - Kept, out _);
        return BitConverter.GetBytes(number);
    }

    public override object FromBinary(byte[] bytes, Type type) =>
        _passing.TryGetValue(BitConverter.ToInt64(bytes), out var obj)
            ? obj
            : throw new SerializationException("it has passed already");
}
