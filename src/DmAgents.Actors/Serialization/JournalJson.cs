using System.Text.Json.Serialization;
using DmAgents.Actors.Hosts;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Serialization;

/// <summary>How the journal's types are written as JSON: generated, so that a change of format is a change of code.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    // Nulls are written: a missing field then means a damaged row, or one of an older version.
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    // Derived properties would be stored permanently and never read.
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(ThinIdConverter), typeof(ByteSizeConverter), typeof(SectorCountConverter),
        typeof(TransactionIdConverter), typeof(PoolBlockSizeConverter), typeof(PoolUuidConverter),
        typeof(RequestIdConverter), typeof(PoolNameConverter), typeof(ImageReferenceConverter),
        typeof(DevicePathConverter), typeof(LoopFileConverter), typeof(MappedNameConverter),
        typeof(DeviceKeyConverter), typeof(PoolBackingConverter), typeof(MountPathConverter),
        typeof(FormatNameConverter), typeof(ContentDigestConverter),
    ])]
[JsonSerializable(typeof(PoolBacking.Disks))]
[JsonSerializable(typeof(PoolBacking.LoopFiles))]
[JsonSerializable(typeof(PoolBacking.Existing))]
[JsonSerializable(typeof(PoolEvents.Initialized))]
[JsonSerializable(typeof(PoolEvents.Adopted))]
[JsonSerializable(typeof(PoolEvents.DeviceAdopted))]
[JsonSerializable(typeof(PoolEvents.BaseIntended))]
[JsonSerializable(typeof(PoolEvents.SnapshotIntended))]
[JsonSerializable(typeof(PoolEvents.ReceptionIntended))]
[JsonSerializable(typeof(PoolEvents.ContentNoted))]
[JsonSerializable(typeof(PoolEvents.Created))]
[JsonSerializable(typeof(PoolEvents.CreationFailed))]
[JsonSerializable(typeof(PoolEvents.UseChanged))]
[JsonSerializable(typeof(PoolEvents.ResizeIntended))]
[JsonSerializable(typeof(PoolEvents.Resized))]
[JsonSerializable(typeof(PoolEvents.Committed))]
[JsonSerializable(typeof(PoolEvents.Claimed))]
[JsonSerializable(typeof(PoolEvents.ViewAdded))]
[JsonSerializable(typeof(PoolEvents.ViewRemoved))]
[JsonSerializable(typeof(PoolEvents.LabelsChanged))]
[JsonSerializable(typeof(PoolEvents.RemovalIntended))]
[JsonSerializable(typeof(PoolEvents.Removed))]
[JsonSerializable(typeof(PoolEvents.Lost))]
[JsonSerializable(typeof(PoolEvents.Quarantined))]
[JsonSerializable(typeof(PoolEvents.PurgeIntended))]
[JsonSerializable(typeof(PoolEvents.Purged))]
[JsonSerializable(typeof(PoolEvents.Undeleted))]
[JsonSerializable(typeof(PoolEvents.ImageTagged))]
[JsonSerializable(typeof(PoolEvents.ImageUntagged))]
[JsonSerializable(typeof(PoolEvents.RequestWithdrawn))]
[JsonSerializable(typeof(PoolEvents.ConditionChanged))]
[JsonSerializable(typeof(PoolEvents.Trimmed))]
[JsonSerializable(typeof(PoolEvents.SparesChanged))]
[JsonSerializable(typeof(PoolEvents.BackingChanged))]
[JsonSerializable(typeof(PoolEvents.Found))]
[JsonSerializable(typeof(PoolEvents.CheckCleared))]
[JsonSerializable(typeof(PoolEvents.MetadataReplaced))]
[JsonSerializable(typeof(PoolEvents.KeptMetadataDiscarded))]
[JsonSerializable(typeof(PoolEvents.BackedUp))]
[JsonSerializable(typeof(PoolEvents.BackupFailed))]
[JsonSerializable(typeof(PoolEvents.BackupProved))]
[JsonSerializable(typeof(PoolEvents.BackupNotProved))]
[JsonSerializable(typeof(PoolEvents.TakenOver))]
[JsonSerializable(typeof(PoolEvents.TakeoverConfirmed))]
[JsonSerializable(typeof(PoolEvents.ReturnIntended))]
[JsonSerializable(typeof(PoolEvents.Returned))]
[JsonSerializable(typeof(PoolEvents.CheckpointIntended))]
[JsonSerializable(typeof(PoolEvents.CheckpointReached))]
[JsonSerializable(typeof(HostEvents.PoolRegistered))]
[JsonSerializable(typeof(HostEvents.PoolForgotten))]
[JsonSerializable(typeof(HostEvents.JournalErased))]
[JsonSerializable(typeof(HostState))]
[JsonSerializable(typeof(PoolStateDocument))]
internal sealed partial class JournalJson : JsonSerializerContext;
