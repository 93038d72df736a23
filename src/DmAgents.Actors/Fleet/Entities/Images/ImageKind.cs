using System.Text.Json.Serialization.Metadata;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Images;

namespace DmAgents.Actors.Fleet.Entities.Images;

/// <summary>The images of the fleet.</summary>
internal static class ImageKind
{
    public static EntityKind<ImageState, ImageCommand, ImageEvent, ImageReply> Kind { get; } = new(
        "image", "image", id => new ImageState(new ImageReference(id)), ImageDecider.Decide,
        (state, e) => state.Apply(e));

    public static EntityManifests Manifests { get; } = new(
        new Dictionary<string, JsonTypeInfo>
        {
            ["image-define.v1"] = ImageJson.Default.Define,
            ["image-set-copies.v1"] = ImageJson.Default.SetCopies,
            ["image-pin.v1"] = ImageJson.Default.Pin,
            ["image-unpin.v1"] = ImageJson.Default.Unpin,
            ["image-release-pins.v1"] = ImageJson.Default.ReleasePins,
            ["image-announce.v1"] = ImageJson.Default.Announce,
            ["image-note-gone.v1"] = ImageJson.Default.NoteGone,
            ["image-consider.v1"] = ImageJson.Default.Consider,
            ["image-note-promise.v1"] = ImageJson.Default.NotePromise,
            ["image-note-progress.v1"] = ImageJson.Default.NoteProgress,
            ["image-note-failure.v1"] = ImageJson.Default.NoteFailure,
        },
        new Dictionary<string, JsonTypeInfo>
        {
            ["image-defined.v1"] = ImageJson.Default.Defined,
            ["image-copies-set.v1"] = ImageJson.Default.CopiesSet,
            ["image-pinned.v1"] = ImageJson.Default.Pinned,
            ["image-unpinned.v1"] = ImageJson.Default.Unpinned,
            ["image-pin-released.v1"] = ImageJson.Default.PinReleased,
            ["image-holding-changed.v1"] = ImageJson.Default.HoldingChanged,
            ["image-host-gone.v1"] = ImageJson.Default.HostGone,
            ["image-copy-planned.v1"] = ImageJson.Default.CopyPlanned,
            ["image-no-host-fits.v1"] = ImageJson.Default.NoHostFits,
            ["image-copy-started.v1"] = ImageJson.Default.CopyStarted,
            ["image-copy-renewed.v1"] = ImageJson.Default.CopyRenewed,
            ["image-copy-ended.v1"] = ImageJson.Default.CopyEnded,
            ["image-release-ordered.v1"] = ImageJson.Default.ReleaseOrdered,
            ["image-drop-allowed.v1"] = ImageJson.Default.DropAllowed,
            ["image-release-withdrawn.v1"] = ImageJson.Default.ReleaseWithdrawn,
            ["image-state.v1"] = ImageJson.Default.ImageDocument,
            ["image-reply-defined.v1"] = ImageJson.Default.ReplyDefined,
            ["image-reply-copies-set.v1"] = ImageJson.Default.ReplyCopiesSet,
            ["image-reply-pinned.v1"] = ImageJson.Default.ReplyPinned,
            ["image-reply-unpinned.v1"] = ImageJson.Default.ReplyUnpinned,
            ["image-reply-pins-released.v1"] = ImageJson.Default.PinsReleased,
            ["image-reply-heard.v1"] = ImageJson.Default.Heard,
            ["image-reply-may-drop.v1"] = ImageJson.Default.MayDrop,
            ["image-reply-must-keep.v1"] = ImageJson.Default.MustKeep,
            ["image-reply-ended.v1"] = ImageJson.Default.Ended,
            ["image-reply-noted-gone.v1"] = ImageJson.Default.NotedGone,
            ["image-reply-considered.v1"] = ImageJson.Default.Considered,
            ["image-reply-copy-continues.v1"] = ImageJson.Default.CopyContinues,
            ["image-reply-no-such-copy.v1"] = ImageJson.Default.NoSuchCopy,
            ["image-reply-refused.v1"] = ImageJson.Default.Refused,
        });
}
