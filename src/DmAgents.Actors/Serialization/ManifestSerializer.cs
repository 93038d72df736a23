using System.Collections.Frozen;
using System.Runtime.Serialization;
using System.Text.Json;
using Akka.Actor;
using Akka.Serialization;

namespace DmAgents.Actors.Serialization;

/// <summary>Objects as JSON under explicit manifests with a version, such as "device-created.v1". A manifest keeps its
/// meaning: fields are added; another meaning gets another version.</summary>
/// <param name="what">What is read and written, for error messages: "the journal".</param>
public abstract class ManifestSerializer(
    ExtendedActorSystem system, string what, FrozenDictionary<string, Format> byManifest)
    : SerializerWithStringManifest(system)
{
    private readonly FrozenDictionary<Type, string> _byType =
        byManifest.ToFrozenDictionary(entry => entry.Value.Type, entry => entry.Key);

    public override string Manifest(object o) =>
        _byType.TryGetValue(Written(o).GetType(), out var manifest)
            ? manifest
            : throw new SerializationException($"{what} does not take a {o.GetType()}");

    public override byte[] ToBinary(object obj)
    {
        var written = Written(obj);
        return JsonSerializer.SerializeToUtf8Bytes(written, byManifest[Manifest(written)].Json);
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!byManifest.TryGetValue(manifest, out var type))
            throw new SerializationException($"{what} holds a '{manifest}', which this version does not know");
        try
        {
            return Read(JsonSerializer.Deserialize(bytes, type.Json)
                ?? throw new SerializationException($"{what} holds an empty '{manifest}'"));
        }
        // Converters and the types that they create throw different exceptions; the caller gets one type.
        catch (Exception damaged) when (damaged is not (SerializationException or OutOfMemoryException))
        {
            throw new SerializationException(
                $"{what} holds a '{manifest}' that cannot be read: {damaged.Message}", damaged);
        }
    }

    /// <summary>The object that is written for <paramref name="o"/>; usually itself.</summary>
    protected virtual object Written(object o) => o;

    /// <summary>The object for the one that was read.</summary>
    protected virtual object Read(object o) => o;
}
