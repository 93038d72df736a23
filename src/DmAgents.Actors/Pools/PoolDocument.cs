using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>A pool as its pool.json shows it: what cannot be read from its disks. The agent reads it to adopt the pool
/// when the journal is lost.</summary>
internal sealed record PoolDocument(PoolIdentity Identity, ImmutableArray<DevicePath> Spares);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(ThinIdConverter), typeof(ByteSizeConverter), typeof(SectorCountConverter),
        typeof(PoolBlockSizeConverter), typeof(PoolUuidConverter), typeof(PoolNameConverter),
        typeof(ImageReferenceConverter), typeof(DevicePathConverter), typeof(LoopFileConverter),
        typeof(MappedNameConverter), typeof(DeviceKeyConverter), typeof(PoolBackingConverter),
    ])]
[JsonSerializable(typeof(PoolDocument))]
[JsonSerializable(typeof(ImageRecord))]
[JsonSerializable(typeof(ViewRecord))]
internal sealed partial class ContentJson : JsonSerializerContext;
