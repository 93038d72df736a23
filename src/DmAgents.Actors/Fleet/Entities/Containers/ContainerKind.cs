using System.Text.Json.Serialization.Metadata;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;

namespace DmAgents.Actors.Fleet.Entities.Containers;

/// <summary>The containers of the fleet.</summary>
internal static class ContainerKind
{
    public static EntityKind<ContainerState, ContainerCommand, ContainerEvent, ContainerReply> Kind { get; } = new(
        "container", "container", id => new ContainerState(new ContainerName(id)), ContainerDecider.Decide,
        (state, e) => state.Apply(e));

    public static EntityManifests Manifests { get; } = new(
        new Dictionary<string, JsonTypeInfo>
        {
            ["container-create.v1"] = ContainerJson.Default.Create,
            ["container-remove.v1"] = ContainerJson.Default.Remove,
            ["container-announce.v1"] = ContainerJson.Default.Announce,
            ["container-note-gone.v1"] = ContainerJson.Default.NoteGone,
            ["container-note-image.v1"] = ContainerJson.Default.NoteImage,
            ["container-note-image-released.v1"] = ContainerJson.Default.NoteImageReleased,
            ["container-note-removed.v1"] = ContainerJson.Default.NoteRemoved,
            ["container-note-failure.v1"] = ContainerJson.Default.NoteFailure,
        },
        new Dictionary<string, JsonTypeInfo>
        {
            ["container-placed.v1"] = ContainerJson.Default.Placed,
            ["container-image-arrived.v1"] = ContainerJson.Default.ImageArrived,
            ["container-image-released.v1"] = ContainerJson.Default.ImageReleased,
            ["container-owned.v1"] = ContainerJson.Default.Owned,
            ["container-host-heard.v1"] = ContainerJson.Default.HostHeard,
            ["container-host-gone.v1"] = ContainerJson.Default.HostGone,
            ["container-creation-failed.v1"] = ContainerJson.Default.CreationFailed,
            ["container-vanished.v1"] = ContainerJson.Default.Vanished,
            ["container-removal-intended.v1"] = ContainerJson.Default.RemovalIntended,
            ["container-removal-failed.v1"] = ContainerJson.Default.RemovalFailed,
            ["container-removed.v1"] = ContainerJson.Default.Removed,
            ["container-state.v1"] = ContainerJson.Default.ContainerDocument,
            ["container-reply-placed.v1"] = ContainerJson.Default.ReplyPlaced,
            ["container-reply-removing.v1"] = ContainerJson.Default.Removing,
            ["container-reply-heard.v1"] = ContainerJson.Default.Heard,
            ["container-reply-owns.v1"] = ContainerJson.Default.Owns,
            ["container-reply-fenced.v1"] = ContainerJson.Default.Fenced,
            ["container-reply-name-taken.v1"] = ContainerJson.Default.NameTaken,
            ["container-reply-ended.v1"] = ContainerJson.Default.Ended,
            ["container-reply-noted-gone.v1"] = ContainerJson.Default.NotedGone,
            ["container-reply-continues.v1"] = ContainerJson.Default.Continues,
            ["container-reply-epoch-ended.v1"] = ContainerJson.Default.EpochEnded,
            ["container-reply-refused.v1"] = ContainerJson.Default.Refused,
        });
}
