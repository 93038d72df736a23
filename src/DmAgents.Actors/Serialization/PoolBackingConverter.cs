using System.Text.Json;
using System.Text.Json.Serialization;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Serialization;

/// <summary>A backing as an object with one property, whose name is its kind.</summary>
internal sealed class PoolBackingConverter : JsonConverter<PoolBacking>
{
    private const string Disks = "disks";
    private const string Loop = "loop";
    private const string Existing = "existing";

    public override PoolBacking Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
            throw new JsonException("a backing has one property");
        var kind = reader.GetString();
        reader.Read();
        PoolBacking? backing = kind switch
        {
            Disks => JsonSerializer.Deserialize(ref reader, JournalJson.Default.Disks),
            Loop => JsonSerializer.Deserialize(ref reader, JournalJson.Default.LoopFiles),
            Existing => JsonSerializer.Deserialize(ref reader, JournalJson.Default.Existing),
            _ => throw new JsonException($"a backing of the unknown kind '{kind}'"),
        };
        reader.Read();
        return backing ?? throw new JsonException("a backing is missing");
    }

    public override void Write(Utf8JsonWriter writer, PoolBacking value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        switch (value)
        {
            case PoolBacking.Disks disks:
                writer.WritePropertyName(Disks);
                JsonSerializer.Serialize(writer, disks, JournalJson.Default.Disks);
                break;
            case PoolBacking.LoopFiles files:
                writer.WritePropertyName(Loop);
                JsonSerializer.Serialize(writer, files, JournalJson.Default.LoopFiles);
                break;
            case PoolBacking.Existing existing:
                writer.WritePropertyName(Existing);
                JsonSerializer.Serialize(writer, existing, JournalJson.Default.Existing);
                break;
            default:
                throw new JsonException($"a backing of the unknown kind {value.GetType().Name}");
        }
        writer.WriteEndObject();
    }
}
