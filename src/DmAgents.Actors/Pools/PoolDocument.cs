using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Pools.Takeover;

namespace DmAgents.Actors.Pools;

/// <summary>A pool as its pool.json shows it: what cannot be read from its disks. The agent reads it to adopt the pool
/// when the journal is lost.</summary>
internal sealed record PoolDocument(PoolIdentity Identity, ImmutableArray<DevicePath> Spares)
{
    /// <summary>That the pool was another program's; null also in files of earlier agents.</summary>
    public TakeoverRecord? Takeover { get; init; }

    /// <summary>Metadata that others have replaced; none also in files of earlier agents.</summary>
    public ImmutableArray<KeptMetadata> Kept { get => field.IsDefault ? [] : field; init; }
}

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
        typeof(MountPathConverter), typeof(TransactionIdConverter),
    ])]
[JsonSerializable(typeof(PoolDocument))]
[JsonSerializable(typeof(ImageRecord))]
[JsonSerializable(typeof(ViewRecord))]
internal sealed partial class ContentJson : JsonSerializerContext;
