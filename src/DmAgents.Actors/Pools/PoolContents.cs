using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>What a pool holds, for reading: the pool's state itself stays with its actor, and so does deciding.
/// </summary>
public sealed class PoolContents
{
    internal PoolContents(PoolState state) => Journaled = state;

    /// <summary>The state that this shows.</summary>
    internal PoolState Journaled { get; }

    public PoolIdentity? Identity => Journaled.Identity;

    public ImmutableDictionary<ThinId, DeviceRecord> Devices => Journaled.Devices;

    public ImmutableDictionary<DeviceKey, ViewRecord> Views => Journaled.Views;

    public ImmutableDictionary<ImageReference, ImageRecord> Images => Journaled.Images;

    /// <summary>The request that gave each image its reference; not of images that were stored before it was kept.
    /// </summary>
    public ImmutableDictionary<ImageReference, RequestId> NamedBy => Journaled.NamedBy;

    /// <summary>The owners of keys: every device that is not on its way out.</summary>
    public ImmutableDictionary<DeviceKey, ThinId> Keys => Journaled.Keys;

    public ImmutableSortedDictionary<ThinId, QuarantineRecord> Quarantine => Journaled.Ledger.Quarantine;

    public Checkpoint Checkpoint => Journaled.Checkpoint;

    /// <summary>The condition that was found last, and since when it is that.</summary>
    public ConditionRecord Condition => Journaled.Condition;

    /// <summary>The last round of trimming; null if none has ended yet.</summary>
    public TrimRecord? LastTrim => Journaled.LastTrim;

    /// <summary>Disks that the pool is extended by when it runs low, in this order.</summary>
    public ImmutableArray<DevicePath> Spares => Journaled.Spares;

    /// <summary>Metadata that others have replaced, the oldest first.</summary>
    public ImmutableArray<KeptMetadata> Kept => Journaled.Kept;

    /// <summary>How the last backup of the metadata went; null if none was tried yet.</summary>
    public BackupRecord? LastBackup => Journaled.LastBackup;

    /// <summary>Which backups are known to be restorable.</summary>
    public BackupProofs Proofs => Journaled.Proofs;

    /// <summary>Set if the pool was another program's.</summary>
    public TakeoverRecord? Takeover => Journaled.Takeover;

    /// <summary>What is known of the pool's metadata if they cannot be read.</summary>
    public MetadataShape Shape => MendDecider.ShapeOf(Journaled);

    /// <summary>What the blocks of a layer are; null if that was not computed.</summary>
    public ContentDigest? ContentOf(ThinId id) =>
        Journaled.Contents.TryGetValue(id, out var content) ? content : null;

    /// <summary>A layer that is there and has this content; null if none is known to have it.</summary>
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

    /// <summary>The request was accepted, and not taken back.</summary>
    public bool Knows(RequestId request) => Journaled.Requests.Knows(request, out _);

    /// <summary>What an opening would do.</summary>
    /// <param name="underWay">Requests whose work is under way outside the pool.</param>
    public RecoveryPlan PlanRecovery(
        KernelPicture picture, PoolContext pool, DateTimeOffset at, ImmutableHashSet<RequestId> underWay) =>
        RecoveryPlan.Make(Journaled, picture, pool, at, underWay);

    /// <summary>Why the metadata may not be mended now; null if nothing is in the way.</summary>
    public Refusal? RefuseMending(PoolHealth? health, MetadataSource source) =>
        MendDecider.Refuse(Journaled, health, source, next: null);

    /// <summary>What would become of the devices with other metadata.</summary>
    public MetadataComparison Compare(ImmutableArray<ThinUsage>? before, ImmutableArray<ThinUsage> after) =>
        MetadataComparison.Make(Journaled, before, after);
}
