using DmAgents.Actors.Serialization;
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
        new Dictionary<string, Format>
        {
            ["container-create.v1"] = Format.Of(() => ContainerJson.Default.Create),
            ["container-remove.v1"] = Format.Of(() => ContainerJson.Default.Remove),
            ["container-announce.v1"] = Format.Of(() => ContainerJson.Default.Announce),
            ["container-note-gone.v1"] = Format.Of(() => ContainerJson.Default.NoteGone),
            ["container-note-image.v1"] = Format.Of(() => ContainerJson.Default.NoteImage),
            ["container-note-image-released.v1"] = Format.Of(() => ContainerJson.Default.NoteImageReleased),
            ["container-note-removed.v1"] = Format.Of(() => ContainerJson.Default.NoteRemoved),
            ["container-note-failure.v1"] = Format.Of(() => ContainerJson.Default.NoteFailure),
        },
        new Dictionary<string, Format>
        {
            ["container-placed.v1"] = Format.Of(() => ContainerJson.Default.Placed),
            ["container-image-arrived.v1"] = Format.Of(() => ContainerJson.Default.ImageArrived),
            ["container-image-released.v1"] = Format.Of(() => ContainerJson.Default.ImageReleased),
            ["container-owned.v1"] = Format.Of(() => ContainerJson.Default.Owned),
            ["container-host-heard.v1"] = Format.Of(() => ContainerJson.Default.HostHeard),
            ["container-host-gone.v1"] = Format.Of(() => ContainerJson.Default.HostGone),
            ["container-creation-failed.v1"] = Format.Of(() => ContainerJson.Default.CreationFailed),
            ["container-vanished.v1"] = Format.Of(() => ContainerJson.Default.Vanished),
            ["container-removal-intended.v1"] = Format.Of(() => ContainerJson.Default.RemovalIntended),
            ["container-removal-failed.v1"] = Format.Of(() => ContainerJson.Default.RemovalFailed),
            ["container-removed.v1"] = Format.Of(() => ContainerJson.Default.Removed),
            ["container-state.v1"] = Format.Of(() => ContainerJson.Default.ContainerDocument),
            ["container-reply-placed.v1"] = Format.Of(() => ContainerJson.Default.ReplyPlaced),
            ["container-reply-removing.v1"] = Format.Of(() => ContainerJson.Default.Removing),
            ["container-reply-heard.v1"] = Format.Of(() => ContainerJson.Default.Heard),
            ["container-reply-owns.v1"] = Format.Of(() => ContainerJson.Default.Owns),
            ["container-reply-fenced.v1"] = Format.Of(() => ContainerJson.Default.Fenced),
            ["container-reply-name-taken.v1"] = Format.Of(() => ContainerJson.Default.NameTaken),
            ["container-reply-ended.v1"] = Format.Of(() => ContainerJson.Default.Ended),
            ["container-reply-noted-gone.v1"] = Format.Of(() => ContainerJson.Default.NotedGone),
            ["container-reply-continues.v1"] = Format.Of(() => ContainerJson.Default.Continues),
            ["container-reply-epoch-ended.v1"] = Format.Of(() => ContainerJson.Default.EpochEnded),
            ["container-reply-refused.v1"] = Format.Of(() => ContainerJson.Default.Refused),
        });
}
