using System.Text.Json.Serialization;
using DmAgents.Actors.Serialization;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>How messages about entities are written as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(HostNameConverter), typeof(ChainIdConverter), typeof(ContentDigestConverter),
        typeof(IncarnationConverter), typeof(EntityInnerConverter),
    ])]
[JsonSerializable(typeof(EntityMessages.ToEntity))]
[JsonSerializable(typeof(EntityMessages.AnnouncePart))]
[JsonSerializable(typeof(EntityMessages.PartKept))]
[JsonSerializable(typeof(EntityMessages.Show))]
[JsonSerializable(typeof(EntityMessages.Shown))]
[JsonSerializable(typeof(EntityMessages.Unavailable))]
internal sealed partial class EntityJson : JsonSerializerContext;
