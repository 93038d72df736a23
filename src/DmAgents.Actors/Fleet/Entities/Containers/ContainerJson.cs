using System.Text.Json.Serialization;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Fleet.Containers;

namespace DmAgents.Actors.Fleet.Entities.Containers;

/// <summary>How a container's messages, events and state are written as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(HostNameConverter), typeof(ChainIdConverter), typeof(IncarnationConverter), typeof(PoolNameConverter),
        typeof(ByteSizeConverter), typeof(ImageReferenceConverter), typeof(RequestIdConverter),
        typeof(ContainerNameConverter), typeof(ContainerEpochConverter),
    ])]
[JsonSerializable(typeof(ContainerCommands.Create))]
[JsonSerializable(typeof(ContainerCommands.Remove))]
[JsonSerializable(typeof(ContainerCommands.Announce))]
[JsonSerializable(typeof(ContainerCommands.NoteGone))]
[JsonSerializable(typeof(ContainerCommands.NoteImage))]
[JsonSerializable(typeof(ContainerCommands.NoteImageReleased))]
[JsonSerializable(typeof(ContainerCommands.NoteRemoved))]
[JsonSerializable(typeof(ContainerCommands.NoteFailure))]
[JsonSerializable(typeof(ContainerEvents.Placed))]
[JsonSerializable(typeof(ContainerEvents.ImageArrived))]
[JsonSerializable(typeof(ContainerEvents.ImageReleased))]
[JsonSerializable(typeof(ContainerEvents.Owned))]
[JsonSerializable(typeof(ContainerEvents.HostHeard))]
[JsonSerializable(typeof(ContainerEvents.HostGone))]
[JsonSerializable(typeof(ContainerEvents.CreationFailed))]
[JsonSerializable(typeof(ContainerEvents.Vanished))]
[JsonSerializable(typeof(ContainerEvents.RemovalIntended))]
[JsonSerializable(typeof(ContainerEvents.RemovalFailed))]
[JsonSerializable(typeof(ContainerEvents.Removed))]
[JsonSerializable(typeof(ContainerReplies.Placed), TypeInfoPropertyName = "ReplyPlaced")]
[JsonSerializable(typeof(ContainerReplies.Removing))]
[JsonSerializable(typeof(ContainerReplies.Heard))]
[JsonSerializable(typeof(ContainerReplies.Owns))]
[JsonSerializable(typeof(ContainerReplies.Fenced))]
[JsonSerializable(typeof(ContainerReplies.NameTaken))]
[JsonSerializable(typeof(ContainerReplies.Ended))]
[JsonSerializable(typeof(ContainerReplies.NotedGone))]
[JsonSerializable(typeof(ContainerReplies.Continues))]
[JsonSerializable(typeof(ContainerReplies.EpochEnded))]
[JsonSerializable(typeof(ContainerReplies.Refused))]
[JsonSerializable(typeof(ContainerDocument))]
internal sealed partial class ContainerJson : JsonSerializerContext;
