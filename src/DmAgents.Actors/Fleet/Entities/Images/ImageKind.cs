using DmAgents.Actors.Serialization;
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
        new Dictionary<string, Format>
        {
            ["image-define.v1"] = Format.Of(() => ImageJson.Default.Define),
            ["image-set-copies.v1"] = Format.Of(() => ImageJson.Default.SetCopies),
            ["image-pin.v1"] = Format.Of(() => ImageJson.Default.Pin),
            ["image-unpin.v1"] = Format.Of(() => ImageJson.Default.Unpin),
            ["image-release-pins.v1"] = Format.Of(() => ImageJson.Default.ReleasePins),
            ["image-announce.v1"] = Format.Of(() => ImageJson.Default.Announce),
            ["image-note-gone.v1"] = Format.Of(() => ImageJson.Default.NoteGone),
            ["image-consider.v1"] = Format.Of(() => ImageJson.Default.Consider),
            ["image-note-promise.v1"] = Format.Of(() => ImageJson.Default.NotePromise),
            ["image-note-progress.v1"] = Format.Of(() => ImageJson.Default.NoteProgress),
            ["image-note-failure.v1"] = Format.Of(() => ImageJson.Default.NoteFailure),
        },
        new Dictionary<string, Format>
        {
            ["image-defined.v1"] = Format.Of(() => ImageJson.Default.Defined),
            ["image-copies-set.v1"] = Format.Of(() => ImageJson.Default.CopiesSet),
            ["image-pinned.v1"] = Format.Of(() => ImageJson.Default.Pinned),
            ["image-unpinned.v1"] = Format.Of(() => ImageJson.Default.Unpinned),
            ["image-pin-released.v1"] = Format.Of(() => ImageJson.Default.PinReleased),
            ["image-holding-changed.v1"] = Format.Of(() => ImageJson.Default.HoldingChanged),
            ["image-host-gone.v1"] = Format.Of(() => ImageJson.Default.HostGone),
            ["image-copy-planned.v1"] = Format.Of(() => ImageJson.Default.CopyPlanned),
            ["image-no-host-fits.v1"] = Format.Of(() => ImageJson.Default.NoHostFits),
            ["image-copy-started.v1"] = Format.Of(() => ImageJson.Default.CopyStarted),
            ["image-copy-renewed.v1"] = Format.Of(() => ImageJson.Default.CopyRenewed),
            ["image-copy-ended.v1"] = Format.Of(() => ImageJson.Default.CopyEnded),
            ["image-release-ordered.v1"] = Format.Of(() => ImageJson.Default.ReleaseOrdered),
            ["image-drop-allowed.v1"] = Format.Of(() => ImageJson.Default.DropAllowed),
            ["image-release-withdrawn.v1"] = Format.Of(() => ImageJson.Default.ReleaseWithdrawn),
            ["image-state.v1"] = Format.Of(() => ImageJson.Default.ImageDocument),
            ["image-reply-defined.v1"] = Format.Of(() => ImageJson.Default.ReplyDefined),
            ["image-reply-copies-set.v1"] = Format.Of(() => ImageJson.Default.ReplyCopiesSet),
            ["image-reply-pinned.v1"] = Format.Of(() => ImageJson.Default.ReplyPinned),
            ["image-reply-unpinned.v1"] = Format.Of(() => ImageJson.Default.ReplyUnpinned),
            ["image-reply-pins-released.v1"] = Format.Of(() => ImageJson.Default.PinsReleased),
            ["image-reply-heard.v1"] = Format.Of(() => ImageJson.Default.Heard),
            ["image-reply-may-drop.v1"] = Format.Of(() => ImageJson.Default.MayDrop),
            ["image-reply-must-keep.v1"] = Format.Of(() => ImageJson.Default.MustKeep),
            ["image-reply-ended.v1"] = Format.Of(() => ImageJson.Default.Ended),
            ["image-reply-noted-gone.v1"] = Format.Of(() => ImageJson.Default.NotedGone),
            ["image-reply-considered.v1"] = Format.Of(() => ImageJson.Default.Considered),
            ["image-reply-copy-continues.v1"] = Format.Of(() => ImageJson.Default.CopyContinues),
            ["image-reply-no-such-copy.v1"] = Format.Of(() => ImageJson.Default.NoSuchCopy),
            ["image-reply-refused.v1"] = Format.Of(() => ImageJson.Default.Refused),
        });
}
