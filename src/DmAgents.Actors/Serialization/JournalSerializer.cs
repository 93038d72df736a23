using System.Collections.Frozen;
using Akka.Actor;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Serialization;

/// <summary>Events and snapshots as JSON under manifests such as "device-created.v1", whose meaning never changes. Read
/// a row of the journal with <c>sqlite3</c>: <c>select manifest, cast(message as text) from journal</c>.</summary>
public sealed class JournalSerializer(ExtendedActorSystem system)
    : ManifestSerializer(system, "the journal", ByManifest)
{
    /// <summary>Stored with each row. Never reuse it for another serializer.</summary>
    public const int Id = 20417;

    private const string PoolStateManifest = "pool-state.v1";

    internal static readonly FrozenDictionary<string, Format> ByManifest = new Dictionary<string, Format>
    {
        ["pool-initialized.v1"] = Format.Of(() => JournalJson.Default.Initialized),
        ["pool-adopted.v1"] = Format.Of(() => JournalJson.Default.Adopted),
        ["device-adopted.v1"] = Format.Of(() => JournalJson.Default.DeviceAdopted),
        ["base-intended.v1"] = Format.Of(() => JournalJson.Default.BaseIntended),
        ["snapshot-intended.v1"] = Format.Of(() => JournalJson.Default.SnapshotIntended),
        ["reception-intended.v1"] = Format.Of(() => JournalJson.Default.ReceptionIntended),
        ["device-content-noted.v1"] = Format.Of(() => JournalJson.Default.ContentNoted),
        ["device-created.v1"] = Format.Of(() => JournalJson.Default.Created),
        ["device-creation-failed.v1"] = Format.Of(() => JournalJson.Default.CreationFailed),
        ["device-use-changed.v1"] = Format.Of(() => JournalJson.Default.UseChanged),
        ["device-resize-intended.v1"] = Format.Of(() => JournalJson.Default.ResizeIntended),
        ["device-resized.v1"] = Format.Of(() => JournalJson.Default.Resized),
        ["device-committed.v1"] = Format.Of(() => JournalJson.Default.Committed),
        ["device-claimed.v1"] = Format.Of(() => JournalJson.Default.Claimed),
        ["view-added.v1"] = Format.Of(() => JournalJson.Default.ViewAdded),
        ["view-removed.v1"] = Format.Of(() => JournalJson.Default.ViewRemoved),
        ["labels-changed.v1"] = Format.Of(() => JournalJson.Default.LabelsChanged),
        ["device-removal-intended.v1"] = Format.Of(() => JournalJson.Default.RemovalIntended),
        ["device-removed.v1"] = Format.Of(() => JournalJson.Default.Removed),
        ["device-lost.v1"] = Format.Of(() => JournalJson.Default.Lost),
        ["thin-id-quarantined.v1"] = Format.Of(() => JournalJson.Default.Quarantined),
        ["thin-id-purge-intended.v1"] = Format.Of(() => JournalJson.Default.PurgeIntended),
        ["thin-id-purged.v1"] = Format.Of(() => JournalJson.Default.Purged),
        ["thin-id-undeleted.v1"] = Format.Of(() => JournalJson.Default.Undeleted),
        ["image-tagged.v1"] = Format.Of(() => JournalJson.Default.ImageTagged),
        ["image-untagged.v1"] = Format.Of(() => JournalJson.Default.ImageUntagged),
        ["request-withdrawn.v1"] = Format.Of(() => JournalJson.Default.RequestWithdrawn),
        ["pool-condition-changed.v1"] = Format.Of(() => JournalJson.Default.ConditionChanged),
        ["pool-trimmed.v1"] = Format.Of(() => JournalJson.Default.Trimmed),
        ["pool-spares-changed.v1"] = Format.Of(() => JournalJson.Default.SparesChanged),
        ["pool-backing-changed.v1"] = Format.Of(() => JournalJson.Default.BackingChanged),
        ["device-found.v1"] = Format.Of(() => JournalJson.Default.Found),
        ["pool-check-cleared.v1"] = Format.Of(() => JournalJson.Default.CheckCleared),
        ["pool-metadata-replaced.v1"] = Format.Of(() => JournalJson.Default.MetadataReplaced),
        ["pool-kept-metadata-discarded.v1"] = Format.Of(() => JournalJson.Default.KeptMetadataDiscarded),
        ["pool-backed-up.v1"] = Format.Of(() => JournalJson.Default.BackedUp),
        ["pool-backup-failed.v1"] = Format.Of(() => JournalJson.Default.BackupFailed),
        ["pool-backup-proved.v1"] = Format.Of(() => JournalJson.Default.BackupProved),
        ["pool-backup-not-proved.v1"] = Format.Of(() => JournalJson.Default.BackupNotProved),
        ["pool-taken-over.v1"] = Format.Of(() => JournalJson.Default.TakenOver),
        ["pool-takeover-confirmed.v1"] = Format.Of(() => JournalJson.Default.TakeoverConfirmed),
        ["pool-return-intended.v1"] = Format.Of(() => JournalJson.Default.ReturnIntended),
        ["pool-returned.v1"] = Format.Of(() => JournalJson.Default.Returned),
        ["pool-checkpoint-intended.v1"] = Format.Of(() => JournalJson.Default.CheckpointIntended),
        ["pool-checkpoint-reached.v1"] = Format.Of(() => JournalJson.Default.CheckpointReached),
        ["host-pool-registered.v1"] = Format.Of(() => JournalJson.Default.PoolRegistered),
        ["host-pool-forgotten.v1"] = Format.Of(() => JournalJson.Default.PoolForgotten),
        ["host-journal-erased.v1"] = Format.Of(() => JournalJson.Default.JournalErased),
        ["host-state.v1"] = Format.Of(() => JournalJson.Default.HostState),
        [PoolStateManifest] = Format.Of(() => JournalJson.Default.PoolStateDocument),
    }.ToFrozenDictionary();

    public override int Identifier => Id;

    /// <summary>Every manifest; a test holds the bytes of each.</summary>
    public static IEnumerable<string> Manifests => ByManifest.Keys;

    protected override object Written(object o) => o is PoolState state ? PoolStateDocument.Of(state) : o;

    protected override object Read(object o) => o is PoolStateDocument document ? document.ToState() : o;
}
