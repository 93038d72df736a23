using System.Text.Json.Serialization;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Fleet.Images;

namespace DmAgents.Actors.Fleet.Entities.Images;

/// <summary>How an image's messages, events and state are written as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(HostNameConverter), typeof(ChainIdConverter), typeof(DigestConverter), typeof(IncarnationConverter),
        typeof(PoolNameConverter), typeof(ByteSizeConverter), typeof(ImageReferenceConverter),
        typeof(RequestIdConverter), typeof(ContainerNameConverter), typeof(ContainerEpochConverter),
    ])]
[JsonSerializable(typeof(ImageCommands.Define))]
[JsonSerializable(typeof(ImageCommands.SetCopies))]
[JsonSerializable(typeof(ImageCommands.Pin))]
[JsonSerializable(typeof(ImageCommands.Unpin))]
[JsonSerializable(typeof(ImageCommands.ReleasePins))]
[JsonSerializable(typeof(ImageCommands.Announce))]
[JsonSerializable(typeof(ImageCommands.NoteGone))]
[JsonSerializable(typeof(ImageCommands.Consider))]
[JsonSerializable(typeof(ImageCommands.NotePromise))]
[JsonSerializable(typeof(ImageCommands.NoteProgress))]
[JsonSerializable(typeof(ImageCommands.NoteFailure))]
[JsonSerializable(typeof(ImageEvents.Defined))]
[JsonSerializable(typeof(ImageEvents.CopiesSet))]
[JsonSerializable(typeof(ImageEvents.Pinned))]
[JsonSerializable(typeof(ImageEvents.Unpinned))]
[JsonSerializable(typeof(ImageEvents.PinReleased))]
[JsonSerializable(typeof(ImageEvents.HoldingChanged))]
[JsonSerializable(typeof(ImageEvents.HostGone))]
[JsonSerializable(typeof(ImageEvents.CopyPlanned))]
[JsonSerializable(typeof(ImageEvents.NoHostFits))]
[JsonSerializable(typeof(ImageEvents.CopyStarted))]
[JsonSerializable(typeof(ImageEvents.CopyRenewed))]
[JsonSerializable(typeof(ImageEvents.CopyEnded))]
[JsonSerializable(typeof(ImageEvents.ReleaseOrdered))]
[JsonSerializable(typeof(ImageEvents.DropAllowed))]
[JsonSerializable(typeof(ImageEvents.ReleaseWithdrawn))]
[JsonSerializable(typeof(ImageReplies.Defined), TypeInfoPropertyName = "ReplyDefined")]
[JsonSerializable(typeof(ImageReplies.CopiesSet), TypeInfoPropertyName = "ReplyCopiesSet")]
[JsonSerializable(typeof(ImageReplies.Pinned), TypeInfoPropertyName = "ReplyPinned")]
[JsonSerializable(typeof(ImageReplies.Unpinned), TypeInfoPropertyName = "ReplyUnpinned")]
[JsonSerializable(typeof(ImageReplies.PinsReleased))]
[JsonSerializable(typeof(ImageReplies.Heard))]
[JsonSerializable(typeof(ImageReplies.MayDrop))]
[JsonSerializable(typeof(ImageReplies.MustKeep))]
[JsonSerializable(typeof(ImageReplies.Ended))]
[JsonSerializable(typeof(ImageReplies.NotedGone))]
[JsonSerializable(typeof(ImageReplies.Considered))]
[JsonSerializable(typeof(ImageReplies.CopyContinues))]
[JsonSerializable(typeof(ImageReplies.NoSuchCopy))]
[JsonSerializable(typeof(ImageReplies.Refused))]
[JsonSerializable(typeof(ImageDocument))]
internal sealed partial class ImageJson : JsonSerializerContext;
