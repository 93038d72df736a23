using System.Collections.Frozen;
using Akka.Actor;

namespace DmAgents.Actors.Serialization;

/// <summary>Serializes messages between actors that may come from another host: commands, replies and notices. Each
/// manifest has a version; a host refuses a message whose manifest it does not know.</summary>
public sealed class WireSerializer(ExtendedActorSystem system) : ManifestSerializer(system, "the wire", ByManifest)
{
    /// <summary>Stored with each message. Never reuse it for another serializer.</summary>
    public const int Id = 20418;

    internal static readonly FrozenDictionary<string, Format> Commands = new Dictionary<string, Format>
    {
        ["initialize.v1"] = Format.Of(() => WireJson.Default.Initialize),
        ["adopt.v1"] = Format.Of(() => WireJson.Default.Adopt),
        ["create-snapshot.v1"] = Format.Of(() => WireJson.Default.CreateSnapshot),
        ["create-view.v1"] = Format.Of(() => WireJson.Default.CreateView),
        ["receive.v1"] = Format.Of(() => WireJson.Default.Receive),
        ["note-content.v1"] = Format.Of(() => WireJson.Default.NoteContent),
        ["set-labels.v1"] = Format.Of(() => WireJson.Default.SetLabels),
        ["commit.v1"] = Format.Of(() => WireJson.Default.Commit),
        ["commit-live.v1"] = Format.Of(() => WireJson.Default.CommitLive),
        ["set-use.v1"] = Format.Of(() => WireJson.Default.SetUse),
        ["confirm.v1"] = Format.Of(() => WireJson.Default.Confirm),
        ["resize.v1"] = Format.Of(() => WireJson.Default.Resize),
        ["remove.v1"] = Format.Of(() => WireJson.Default.Remove),
        ["tag-image.v1"] = Format.Of(() => WireJson.Default.TagImage),
        ["untag-image.v1"] = Format.Of(() => WireJson.Default.UntagImage),
        ["grow.v1"] = Format.Of(() => WireJson.Default.Grow),
        ["set-spares.v1"] = Format.Of(() => WireJson.Default.SetSpares),
        ["take-over.v1"] = Format.Of(() => WireJson.Default.TakeOver),
        ["confirm-takeover.v1"] = Format.Of(() => WireJson.Default.ConfirmTakeover),
        ["purge.v1"] = Format.Of(() => WireJson.Default.Purge),
        ["undelete.v1"] = Format.Of(() => WireJson.Default.Undelete),
        ["retire.v1"] = Format.Of(() => WireJson.Default.Retire),
        ["repair.v1"] = Format.Of(() => WireJson.Default.Repair),
        ["trim.v1"] = Format.Of(() => WireJson.Default.Trim),
        ["mend-metadata.v1"] = Format.Of(() => WireJson.Default.RepairMetadata),
        ["discard-metadata.v1"] = Format.Of(() => WireJson.Default.DiscardMetadata),
        ["return.v1"] = Format.Of(() => WireJson.Default.Return),
        ["note-backup.v1"] = Format.Of(() => WireJson.Default.NoteBackup),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, Format> ByManifest = new Dictionary<string, Format>(
        Commands)
    {
        ["reply-pool-created.v1"] = Format.Of(() => WireJson.Default.PoolCreated),
        ["reply-pool-adopted.v1"] = Format.Of(() => WireJson.Default.PoolAdopted),
        ["reply-takeover-confirmed.v1"] = Format.Of(() => WireJson.Default.TakeoverConfirmed),
        ["reply-created.v1"] = Format.Of(() => WireJson.Default.Created),
        ["reply-content-noted.v1"] = Format.Of(() => WireJson.Default.ContentNoted),
        ["reply-labels-set.v1"] = Format.Of(() => WireJson.Default.LabelsSet),
        ["reply-committed.v1"] = Format.Of(() => WireJson.Default.Committed),
        ["reply-use-set.v1"] = Format.Of(() => WireJson.Default.UseSet),
        ["reply-confirmed.v1"] = Format.Of(() => WireJson.Default.Confirmed),
        ["reply-resized.v1"] = Format.Of(() => WireJson.Default.Resized),
        ["reply-removed.v1"] = Format.Of(() => WireJson.Default.Removed),
        ["reply-image-tagged.v1"] = Format.Of(() => WireJson.Default.ImageTagged),
        ["reply-image-untagged.v1"] = Format.Of(() => WireJson.Default.ImageUntagged),
        ["reply-grown.v1"] = Format.Of(() => WireJson.Default.Grown),
        ["reply-spares-set.v1"] = Format.Of(() => WireJson.Default.SparesSet),
        ["reply-purged.v1"] = Format.Of(() => WireJson.Default.Purged),
        ["reply-undeleted.v1"] = Format.Of(() => WireJson.Default.Undeleted),
        ["reply-retired.v1"] = Format.Of(() => WireJson.Default.Retired),
        ["reply-repaired.v1"] = Format.Of(() => WireJson.Default.Repaired),
        ["reply-trimmed.v1"] = Format.Of(() => WireJson.Default.Trimmed),
        ["reply-metadata-mended.v1"] = Format.Of(() => WireJson.Default.MetadataRepaired),
        ["reply-metadata-discarded.v1"] = Format.Of(() => WireJson.Default.MetadataDiscarded),
        ["reply-returned.v1"] = Format.Of(() => WireJson.Default.Returned),
        ["reply-backup-noted.v1"] = Format.Of(() => WireJson.Default.BackupNoted),
        ["reply-refused.v1"] = Format.Of(() => WireJson.Default.Refused),
        ["pool-notices.v1"] = Format.Of(() => WireJson.Default.PoolNotices),
        ["pool-phase-notice.v1"] = Format.Of(() => WireJson.Default.PoolPhaseNotice),
        ["host-to-pool.v1"] = Format.Of(() => WireJson.Default.ToPool),
        ["host-await-ready.v1"] = Format.Of(() => WireJson.Default.AwaitReady),
        ["host-ready.v1"] = Format.Of(() => WireJson.Default.Ready),
        ["host-stop.v1"] = Format.Of(() => WireJson.Default.Stop),
        ["host-stopped.v1"] = Format.Of(() => WireJson.Default.Stopped),
    }.ToFrozenDictionary();

    public override int Identifier => Id;

    /// <summary>Every manifest; a test holds the bytes of each.</summary>
    public static IEnumerable<string> Manifests => ByManifest.Keys;
}
