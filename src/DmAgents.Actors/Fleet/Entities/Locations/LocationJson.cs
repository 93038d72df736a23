using System.Text.Json.Serialization;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Fleet.Locations;

namespace DmAgents.Actors.Fleet.Entities.Locations;

/// <summary>How a bucket's messages, events and state are written as JSON.</summary>
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
        typeof(IncarnationConverter), typeof(LayerCopyConverter),
    ])]
[JsonSerializable(typeof(LocationCommands.Announce))]
[JsonSerializable(typeof(LocationCommands.NoteGone))]
[JsonSerializable(typeof(LocationCommands.BeginCopy))]
[JsonSerializable(typeof(LocationCommands.RenewCopy))]
[JsonSerializable(typeof(LocationCommands.EndCopy))]
[JsonSerializable(typeof(LocationCommands.Locate))]
[JsonSerializable(typeof(LocationCommands.Tick))]
[JsonSerializable(typeof(LocationEvents.HostHeard))]
[JsonSerializable(typeof(LocationEvents.HostGone))]
[JsonSerializable(typeof(LocationEvents.CopyBegun))]
[JsonSerializable(typeof(LocationEvents.CopyRenewed))]
[JsonSerializable(typeof(LocationEvents.CopyEnded))]
[JsonSerializable(typeof(LocationReplies.Heard))]
[JsonSerializable(typeof(LocationReplies.NeedsWhole))]
[JsonSerializable(typeof(LocationReplies.Ended))]
[JsonSerializable(typeof(LocationReplies.Gone))]
[JsonSerializable(typeof(LocationReplies.CopyFrom))]
[JsonSerializable(typeof(LocationReplies.Held))]
[JsonSerializable(typeof(LocationReplies.NoCopy))]
[JsonSerializable(typeof(LocationReplies.Located))]
[JsonSerializable(typeof(LocationReplies.Ticked))]
[JsonSerializable(typeof(LocationReplies.Refused))]
[JsonSerializable(typeof(LocationStateDocument))]
[JsonSerializable(typeof(LayerCopyDocument))]
internal sealed partial class LocationJson : JsonSerializerContext;
