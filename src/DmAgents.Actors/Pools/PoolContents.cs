using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>A pool's contents, for reading: the pool's state and its decisions stay with its actor.</summary>
public sealed class PoolContents
{
    internal PoolContents(PoolState state) => Journaled = state;

    /// <summary>The state that this shows.</summary>
    internal PoolState Journaled { get; }

    public PoolIdentity? Identity => Journaled.Identity;

    public ImmutableDictionary<ThinId, DeviceRecord> Devices => Journaled.Devices;

    public ImmutableDictionary<DeviceKey, ViewRecord> Views => Journaled.Views;

    public ImmutableDictionary<ImageReference, ImageRecord> Images => Journaled.Images;

    /// <summary>The request that gave each image its reference; absent for images stored before requests were
    /// recorded.</summary>
    public ImmutableDictionary<ImageReference, RequestId> NamedBy => Journaled.NamedBy;

    /// <summary>The owners of keys: every device that is not being removed.</summary>
    public ImmutableDictionary<DeviceKey, ThinId> Keys => Journaled.Keys;

    public ImmutableSortedDictionary<ThinId, QuarantineRecord> Quarantine => Journaled.Ledger.Quarantine;

    public Checkpoint Checkpoint => Journaled.Checkpoint;

    /// <summary>The last condition found, and when it began.</summary>
    public ConditionRecord Condition => Journaled.Condition;

    /// <summary>The last round of trimming; null if none has ended yet.</summary>
    public TrimRecord? LastTrim => Journaled.LastTrim;

    /// <summary>Spare disks that extend the pool when it runs low, in this order.</summary>
    public ImmutableArray<DevicePath> Spares => Journaled.Spares;

    /// <summary>Former metadata that was replaced, the oldest first.</summary>
    public ImmutableArray<KeptMetadata> Kept => Journaled.Kept;

    /// <summary>The result of the last backup of the metadata; null if none was tried yet.</summary>
    public BackupRecord? LastBackup => Journaled.LastBackup;

    /// <summary>Which backups are known to be restorable.</summary>
    public BackupProofs Proofs => Journaled.Proofs;

    /// <summary>Set if another program owned the pool before.</summary>
    public TakeoverRecord? Takeover => Journaled.Takeover;

    /// <summary>The known facts about the pool's metadata, for when the metadata cannot be read.</summary>
    public MetadataShape Shape => MetadataRepairDecider.ShapeOf(Journaled);

    /// <summary>The content of a layer's blocks; null if it was not computed.</summary>
    public ContentDigest? ContentOf(ThinId id) =>
        Journaled.Contents.TryGetValue(id, out var content) ? content : null;

    /// <summary>An existing layer that has this content; null if none is known to have it.</summary>
    public DeviceRecord? FindCopy(ContentDigest content)
    {
        foreach (var (id, known) in Journaled.Contents)
        {
            if (known == content && Journaled.Devices.GetValueOrDefault(id)
                is { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready } layer)
                return layer;
        }
        return null;
    }

    public DeviceRecord? Find(DeviceKey key) => Journaled.Find(key);

    public int ViewsOf(ThinId id) => Journaled.ViewsOf(id);

    public IEnumerable<ImageRecord> ImagesOf(ThinId topLayer) => Journaled.ImagesOf(topLayer);

    /// <summary>The device and its ancestors, down to the base.</summary>
    public IEnumerable<DeviceRecord> LineageOf(DeviceRecord device) => Journaled.LineageOf(device);

    /// <summary>Whether the request was accepted and not undone.</summary>
    public bool Knows(RequestId request) => Journaled.Requests.Knows(request, out _);

    /// <summary>The plan that an opening would carry out.</summary>
    /// <param name="underWay">Requests whose work is under way outside the pool.</param>
    public RecoveryPlan PlanRecovery(
        KernelPicture picture, PoolContext pool, DateTimeOffset at, ImmutableHashSet<RequestId> underWay) =>
        RecoveryPlan.Make(Journaled, picture, pool, at, underWay);

    /// <summary>Why the metadata must not be repaired now; null if nothing prevents it.</summary>
    public Refusal? RefuseMetadataRepair(PoolHealth? health, MetadataSource source) =>
        MetadataRepairDecider.Refuse(Journaled, health, source, next: null);

    /// <summary>What would happen to the devices with other metadata.</summary>
    public MetadataComparison Compare(ImmutableArray<ThinUsage>? before, ImmutableArray<ThinUsage> after) =>
        MetadataComparison.Make(Journaled, before, after);
}
