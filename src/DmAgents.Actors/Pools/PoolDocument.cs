using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;

namespace DmAgents.Actors.Pools;

/// <summary>A pool as pool.json stores it: facts that cannot be read from its disks. The agent reads it to adopt the
/// pool if the journal is lost.</summary>
internal sealed record PoolDocument(PoolIdentity Identity, ImmutableArray<DevicePath> Spares)
{
    /// <summary>Set if another program owned the pool before; null also in files of earlier agents.</summary>
    public TakeoverRecord? Takeover { get; init; }

    /// <summary>Former metadata that was replaced; empty also in files of earlier agents.</summary>
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
