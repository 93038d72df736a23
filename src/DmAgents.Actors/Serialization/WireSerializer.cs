using System.Collections.Frozen;
using System.Text.Json.Serialization.Metadata;
using Akka.Actor;

namespace DmAgents.Actors.Serialization;

/// <summary>
/// What crosses from one actor to another, and may come from another host: commands, replies and notices. Of its
/// manifests each has a version; a host that meets one that it does not know refuses the message.
/// </summary>
public sealed class WireSerializer(ExtendedActorSystem system) : ManifestSerializer(system, "the wire", ByManifest)
{
    /// <summary>On each message; never to be given to another serializer.</summary>
    public const int Id = 20418;

    internal static readonly FrozenDictionary<string, JsonTypeInfo> Commands = new Dictionary<string, JsonTypeInfo>
    {
        ["initialize.v1"] = WireJson.Default.Initialize,
        ["adopt.v1"] = WireJson.Default.Adopt,
        ["create-snapshot.v1"] = WireJson.Default.CreateSnapshot,
        ["create-view.v1"] = WireJson.Default.CreateView,
        ["receive.v1"] = WireJson.Default.Receive,
        ["note-content.v1"] = WireJson.Default.NoteContent,
        ["set-labels.v1"] = WireJson.Default.SetLabels,
        ["commit.v1"] = WireJson.Default.Commit,
        ["commit-live.v1"] = WireJson.Default.CommitLive,
        ["set-use.v1"] = WireJson.Default.SetUse,
        ["confirm.v1"] = WireJson.Default.Confirm,
        ["resize.v1"] = WireJson.Default.Resize,
        ["remove.v1"] = WireJson.Default.Remove,
        ["tag-image.v1"] = WireJson.Default.TagImage,
        ["untag-image.v1"] = WireJson.Default.UntagImage,
        ["grow.v1"] = WireJson.Default.Grow,
        ["set-spares.v1"] = WireJson.Default.SetSpares,
        ["take-over.v1"] = WireJson.Default.TakeOver,
        ["confirm-takeover.v1"] = WireJson.Default.ConfirmTakeover,
        ["purge.v1"] = WireJson.Default.Purge,
        ["undelete.v1"] = WireJson.Default.Undelete,
        ["retire.v1"] = WireJson.Default.Retire,
        ["repair.v1"] = WireJson.Default.Repair,
        ["trim.v1"] = WireJson.Default.Trim,
        ["mend-metadata.v1"] = WireJson.Default.MendMetadata,
        ["discard-metadata.v1"] = WireJson.Default.DiscardMetadata,
        ["return.v1"] = WireJson.Default.Return,
        ["note-backup.v1"] = WireJson.Default.NoteBackup,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, JsonTypeInfo> ByManifest = new Dictionary<string, JsonTypeInfo>(
        Commands)
    {
        ["reply-pool-created.v1"] = WireJson.Default.PoolCreated,
        ["reply-pool-adopted.v1"] = WireJson.Default.PoolAdopted,
        ["reply-takeover-confirmed.v1"] = WireJson.Default.TakeoverConfirmed,
        ["reply-created.v1"] = WireJson.Default.Created,
        ["reply-content-noted.v1"] = WireJson.Default.ContentNoted,
        ["reply-labels-set.v1"] = WireJson.Default.LabelsSet,
        ["reply-committed.v1"] = WireJson.Default.Committed,
        ["reply-use-set.v1"] = WireJson.Default.UseSet,
        ["reply-confirmed.v1"] = WireJson.Default.Confirmed,
        ["reply-resized.v1"] = WireJson.Default.Resized,
        ["reply-removed.v1"] = WireJson.Default.Removed,
        ["reply-image-tagged.v1"] = WireJson.Default.ImageTagged,
        ["reply-image-untagged.v1"] = WireJson.Default.ImageUntagged,
        ["reply-grown.v1"] = WireJson.Default.Grown,
        ["reply-spares-set.v1"] = WireJson.Default.SparesSet,
        ["reply-purged.v1"] = WireJson.Default.Purged,
        ["reply-undeleted.v1"] = WireJson.Default.Undeleted,
        ["reply-retired.v1"] = WireJson.Default.Retired,
        ["reply-repaired.v1"] = WireJson.Default.Repaired,
        ["reply-trimmed.v1"] = WireJson.Default.Trimmed,
        ["reply-metadata-mended.v1"] = WireJson.Default.MetadataMended,
        ["reply-metadata-discarded.v1"] = WireJson.Default.MetadataDiscarded,
        ["reply-returned.v1"] = WireJson.Default.Returned,
        ["reply-backup-noted.v1"] = WireJson.Default.BackupNoted,
        ["reply-refused.v1"] = WireJson.Default.Refused,
        ["pool-notices.v1"] = WireJson.Default.PoolNotices,
        ["pool-phase-notice.v1"] = WireJson.Default.PoolPhaseNotice,
        ["host-to-pool.v1"] = WireJson.Default.ToPool,
        ["host-await-ready.v1"] = WireJson.Default.AwaitReady,
        ["host-ready.v1"] = WireJson.Default.Ready,
        ["host-stop.v1"] = WireJson.Default.Stop,
        ["host-stopped.v1"] = WireJson.Default.Stopped,
    }.ToFrozenDictionary();

    public override int Identifier => Id;

    /// <summary>Every manifest; a test holds the bytes of each.</summary>
    public static IEnumerable<string> Manifests => ByManifest.Keys;
}
