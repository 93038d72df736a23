using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;

namespace DmAgents.Actors.Serialization;

/// <summary>Writes a member of a closed family as an object with one property, whose name is its kind.</summary>
/// <param name="kinds">By name. Evaluated lazily: the generated code creates its converters before itself.</param>
internal abstract class KindConverter<T>(Func<IReadOnlyDictionary<string, Format>> kinds) : JsonConverter<T>
    where T : class
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
            throw new JsonException($"a {typeof(T).Name} has one property");
        var kind = reader.GetString()!;
        reader.Read();
        if (!kinds().TryGetValue(kind, out var type))
            throw new JsonException($"a {typeof(T).Name} of the unknown kind '{kind}'");
        var read = (T?)JsonSerializer.Deserialize(ref reader, type.Json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.EndObject)
            throw new JsonException($"a {typeof(T).Name} has one property");
        return read ?? throw new JsonException($"a {typeof(T).Name} is missing");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        var (kind, type) = kinds().FirstOrDefault(known => known.Value.Type == value.GetType());
        if (kind is null)
            throw new JsonException($"a {typeof(T).Name} of the unknown kind {value.GetType().Name}");
        writer.WriteStartObject();
        writer.WritePropertyName(kind);
        JsonSerializer.Serialize(writer, value, type.Json);
        writer.WriteEndObject();
    }
}

internal sealed class PoolCommandConverter() : KindConverter<PoolCommand>(() => WireSerializer.Commands);

/// <summary>The same form as in the journal.</summary>
internal sealed class PoolEventConverter() : KindConverter<PoolEvent>(() => JournalSerializer.ByManifest);

internal sealed class MetadataSourceConverter() : KindConverter<MetadataSource>(() => Kinds)
{
    private static readonly FrozenDictionary<string, Format> Kinds = new Dictionary<string, Format>
    {
        ["present"] = Format.Of(() => WireJson.Default.Present),
        ["backup"] = Format.Of(() => WireJson.Default.Backup),
    }.ToFrozenDictionary();
}

internal sealed class BackupOutcomeConverter() : KindConverter<BackupOutcome>(() => Kinds)
{
    private static readonly FrozenDictionary<string, Format> Kinds = new Dictionary<string, Format>
    {
        ["made"] = Format.Of(() => WireJson.Default.Made),
        ["failed"] = Format.Of(() => WireJson.Default.Failed),
        ["proved"] = Format.Of(() => WireJson.Default.Proved),
        ["not-proved"] = Format.Of(() => WireJson.Default.NotProved),
    }.ToFrozenDictionary();
}
