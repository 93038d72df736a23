using System.Text.Json.Serialization;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;

namespace DmAgents.Actors.Serialization;

/// <summary>How messages are written as JSON: generated, so that a change of format is a change of code.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(ThinIdConverter), typeof(ByteSizeConverter), typeof(SectorCountConverter),
        typeof(TransactionIdConverter), typeof(PoolBlockSizeConverter), typeof(PoolUuidConverter),
        typeof(RequestIdConverter), typeof(PoolNameConverter), typeof(ImageReferenceConverter),
        typeof(DevicePathConverter), typeof(LoopFileConverter), typeof(MappedNameConverter),
        typeof(DeviceKeyConverter), typeof(PoolBackingConverter), typeof(MountPathConverter),
        typeof(BackupNameConverter), typeof(MetadataSourceConverter), typeof(BackupOutcomeConverter),
        typeof(PoolCommandConverter), typeof(PoolEventConverter), typeof(FormatNameConverter),
        typeof(ContentDigestConverter),
    ])]
[JsonSerializable(typeof(PoolCommands.Initialize))]
[JsonSerializable(typeof(PoolCommands.Adopt))]
[JsonSerializable(typeof(PoolCommands.CreateSnapshot))]
[JsonSerializable(typeof(PoolCommands.CreateView))]
[JsonSerializable(typeof(PoolCommands.Receive))]
[JsonSerializable(typeof(PoolCommands.NoteContent))]
[JsonSerializable(typeof(PoolCommands.SetLabels))]
[JsonSerializable(typeof(PoolCommands.Commit))]
[JsonSerializable(typeof(PoolCommands.CommitLive))]
[JsonSerializable(typeof(PoolCommands.SetUse))]
[JsonSerializable(typeof(PoolCommands.Confirm))]
[JsonSerializable(typeof(PoolCommands.Resize))]
[JsonSerializable(typeof(PoolCommands.Remove))]
[JsonSerializable(typeof(PoolCommands.TagImage))]
[JsonSerializable(typeof(PoolCommands.UntagImage))]
[JsonSerializable(typeof(PoolCommands.Grow))]
[JsonSerializable(typeof(PoolCommands.SetSpares))]
[JsonSerializable(typeof(PoolCommands.TakeOver))]
[JsonSerializable(typeof(PoolCommands.ConfirmTakeover))]
[JsonSerializable(typeof(PoolCommands.Purge))]
[JsonSerializable(typeof(PoolCommands.Undelete))]
[JsonSerializable(typeof(PoolCommands.Retire))]
[JsonSerializable(typeof(PoolCommands.Repair))]
[JsonSerializable(typeof(PoolCommands.Trim))]
[JsonSerializable(typeof(PoolCommands.RepairMetadata))]
[JsonSerializable(typeof(PoolCommands.DiscardMetadata))]
[JsonSerializable(typeof(PoolCommands.Return))]
[JsonSerializable(typeof(PoolCommands.NoteBackup))]
[JsonSerializable(typeof(PoolReplies.PoolCreated))]
[JsonSerializable(typeof(PoolReplies.PoolAdopted))]
[JsonSerializable(typeof(PoolReplies.TakeoverConfirmed))]
[JsonSerializable(typeof(PoolReplies.Created))]
[JsonSerializable(typeof(PoolReplies.ContentNoted))]
[JsonSerializable(typeof(PoolReplies.LabelsSet))]
[JsonSerializable(typeof(PoolReplies.Committed))]
[JsonSerializable(typeof(PoolReplies.UseSet))]
[JsonSerializable(typeof(PoolReplies.Confirmed))]
[JsonSerializable(typeof(PoolReplies.Resized))]
[JsonSerializable(typeof(PoolReplies.Removed))]
[JsonSerializable(typeof(PoolReplies.ImageTagged))]
[JsonSerializable(typeof(PoolReplies.ImageUntagged))]
[JsonSerializable(typeof(PoolReplies.Grown))]
[JsonSerializable(typeof(PoolReplies.SparesSet))]
[JsonSerializable(typeof(PoolReplies.Purged))]
[JsonSerializable(typeof(PoolReplies.Undeleted))]
[JsonSerializable(typeof(PoolReplies.Retired))]
[JsonSerializable(typeof(PoolReplies.Repaired))]
[JsonSerializable(typeof(PoolReplies.Trimmed))]
[JsonSerializable(typeof(PoolReplies.MetadataRepaired))]
[JsonSerializable(typeof(PoolReplies.MetadataDiscarded))]
[JsonSerializable(typeof(PoolReplies.Returned))]
[JsonSerializable(typeof(PoolReplies.BackupNoted))]
[JsonSerializable(typeof(PoolReplies.Refused))]
[JsonSerializable(typeof(PoolNotices))]
[JsonSerializable(typeof(PoolPhaseNotice))]
[JsonSerializable(typeof(HostMessages.ToPool))]
[JsonSerializable(typeof(HostMessages.AwaitReady))]
[JsonSerializable(typeof(HostMessages.Ready))]
[JsonSerializable(typeof(HostMessages.Stop))]
[JsonSerializable(typeof(HostMessages.Stopped))]
[JsonSerializable(typeof(MetadataSource.Present))]
[JsonSerializable(typeof(MetadataSource.Backup))]
[JsonSerializable(typeof(BackupOutcome.Made))]
[JsonSerializable(typeof(BackupOutcome.Failed))]
[JsonSerializable(typeof(BackupOutcome.Proved))]
[JsonSerializable(typeof(BackupOutcome.NotProved))]
internal sealed partial class WireJson : JsonSerializerContext;
