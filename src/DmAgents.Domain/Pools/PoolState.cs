using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>A pool's identity. Constant, except for growth of the backing.</summary>
public sealed record PoolIdentity(
    PoolUuid Uuid, PoolName Name, PoolBacking Backing, PoolBlockSize BlockSize, FileSystemKind FileSystem,
    ByteSize BaseSize, DateTimeOffset CreatedAt)
{
    /// <summary>The logical sector size of its devices when the pool was made; null if it is unknown.</summary>
    public ByteSize? SectorSize { get; init; }
}

/// <summary>The transaction ids that prove that journal and pool belong together.</summary>
/// <param name="Reached">The latest id that the agent knows to be set.</param>
/// <param name="Intended">An id that may have been set; null if no change is under way.</param>
public sealed record Checkpoint(TransactionId Reached, TransactionId? Intended)
{
    public bool Allows(TransactionId found) => found == Reached || found == Intended;
}

/// <summary>The truth about a pool, by its journal. Immutable; only <see cref="Apply"/> changes it.</summary>
/// <remarks>Only <see cref="Put"/>, <see cref="Drop"/>, <see cref="Show"/> and <see cref="Hide"/> change devices and
/// views: they maintain the index, too.</remarks>
public sealed record PoolState(
    PoolIdentity? Identity,
    ImmutableDictionary<ThinId, DeviceRecord> Devices,
    ImmutableDictionary<DeviceKey, ViewRecord> Views,
    ImmutableDictionary<ImageReference, ImageRecord> Images,
    ImmutableHashSet<ThinId> Purging,
    ThinIdLedger Ledger,
    Checkpoint Checkpoint,
    RequestLog Requests)
{
    /// <summary>The pool's own metadata exist and may hold devices: they are never formatted again.</summary>
    public bool WasOpened { get; init; }

    /// <summary>The latest condition, and since when the pool has it.</summary>
    public ConditionRecord Condition { get; init; } = ConditionRecord.Initial;

    /// <summary>The last trim round; null if none has ended.</summary>
    public TrimRecord? LastTrim { get; init; }

    /// <summary>Disks by which the pool is extended when it runs low, in this order.</summary>
    public ImmutableArray<DevicePath> Spares { get; init; } = [];

    /// <summary>Earlier metadata that were replaced and kept, the oldest first.</summary>
    public ImmutableArray<KeptMetadata> Kept { get; init; } = [];

    /// <summary>The outcome of the last metadata backup; null if none was tried.</summary>
    public BackupRecord? LastBackup { get; init; }

    /// <summary>Whether the latest backups can be restored.</summary>
    public BackupProofs Proofs { get; init; } = BackupProofs.None;

    /// <summary>Set if the pool was taken over from another program.</summary>
    public TakeoverRecord? Takeover { get; init; }

    /// <summary>The request that gave each image its reference; missing for images stored before the agent recorded
    /// it.</summary>
    public ImmutableDictionary<ImageReference, RequestId> NamedBy { get; init; } =
        ImmutableDictionary<ImageReference, RequestId>.Empty;

    /// <summary>The content digests of layers, as far as they were computed.</summary>
    public ImmutableDictionary<ThinId, ContentDigest> Contents { get; init; } =
        ImmutableDictionary<ThinId, ContentDigest>.Empty;

    /// <summary>The pool may be returned to the other program with this thin id: it must stay unchanged.</summary>
    public bool IsForeign(ThinId id) => Takeover is { CanBeUndone: true } && Takeover.Thins.Contains(id);

    /// <summary>The device of each key, except devices in removal.</summary>
    public ImmutableDictionary<DeviceKey, ThinId> Keys => Index.Keys;

    /// <summary>Devices whose creation has no outcome.</summary>
    public ImmutableHashSet<ThinId> Creating => Index.Creating;

    private PoolIndex Index { get; init; } = PoolIndex.Empty;

    public static PoolState Empty { get; } = new(
        Identity: null,
        ImmutableDictionary<ThinId, DeviceRecord>.Empty,
        ImmutableDictionary<DeviceKey, ViewRecord>.Empty,
        ImmutableDictionary<ImageReference, ImageRecord>.Empty,
        ImmutableHashSet<ThinId>.Empty,
        ThinIdLedger.Empty,
        new Checkpoint(TransactionId.Initial, Intended: null),
        RequestLog.Empty);

    /// <summary>The disk has metadata that were kept after a replacement.</summary>
    public bool Keeps(DevicePath disk) => Kept.Any(kept => kept.Disks().Contains(disk));

    public DeviceRecord? Find(DeviceKey key) => Keys.TryGetValue(key, out var id) ? Devices[id] : null;

    public bool IsTaken(DeviceKey key) => Keys.ContainsKey(key) || Views.ContainsKey(key);

    /// <summary>How many devices and views need this one. The stock does not count: it is removed with its
    /// layer.</summary>
    public int ChildrenOf(ThinId id) => Index.Above.GetValueOrDefault(id) + ViewsOf(id) - StockOf(id).Count;

    public int ViewsOf(ThinId id) => Index.ViewCounts.GetValueOrDefault(id);

    /// <summary>The layer's stock: snapshots without an owner, whether they are ready, in creation or lost.</summary>
    public ImmutableSortedSet<ThinId> StockOf(ThinId id) => Index.StockOf(id);

    /// <summary>The snapshots of <see cref="StockOf"/> that are ready.</summary>
    public IEnumerable<ThinId> ReadyStockOf(ThinId id) =>
        StockOf(id).Where(stock => Devices[stock].Phase == DevicePhase.Ready);

    /// <summary>The layers that have a stock.</summary>
    public IEnumerable<ThinId> Stocked => Index.Stock.Keys;

    public IEnumerable<ImageRecord> ImagesOf(ThinId topLayer) => Images.Values.Where(i => i.TopLayer == topLayer);

    /// <summary>The device and its ancestors, down to the base.</summary>
    public IEnumerable<DeviceRecord> LineageOf(DeviceRecord device)
    {
        for (var at = device; at is not null; at = at.Parent is { } parent ? Devices.GetValueOrDefault(parent) : null)
            yield return at;
    }

    /// <summary>This state with the devices and views of a stored one.</summary>
    public PoolState Restored(IEnumerable<DeviceRecord> devices, IEnumerable<ViewRecord> views)
    {
        var withDevices = devices.Aggregate(this, (state, device) => state.Put(device));
        return views.Aggregate(withDevices, (state, view) => state.Show(view));
    }

    /// <summary>The state after these events, in their order.</summary>
    internal PoolState After(IEnumerable<PoolEvent> events) => events.Aggregate(this, (state, e) => state.Apply(e));

    /// <summary>The state after an event. An event that does not fit the state is a bug, and throws.</summary>
    public PoolState Apply(PoolEvent happened) => happened switch
    {
        PoolEvents.Initialized e => this with
        {
            Identity = new PoolIdentity(e.Uuid, e.Name, e.Backing, e.BlockSize, e.FileSystem, e.BaseSize, e.At)
            {
                SectorSize = e.SectorSize,
            },
        },
        PoolEvents.Adopted e => (Empty with { Identity = e.Identity, Takeover = e.Takeover, Kept = e.Kept })
            .Answering(e.Request, subject: null),
        PoolEvents.DeviceAdopted e => WithAdopted(e.Device),
        PoolEvents.BaseIntended e => WithNew(new DeviceRecord(
            e.Id, e.Key, DeviceKind.Base, DevicePhase.Creating, Parent: null, Source: null, e.Size, e.FileSystem,
            DeviceUse.Idle, ReadOnly: false, ImmutableSortedDictionary<string, string>.Empty, e.At, e.At)
        {
            Format = e.Format,
        }),
        PoolEvents.SnapshotIntended e => WithNew(new DeviceRecord(
            e.Id, e.Key, e.Kind, DevicePhase.Creating, e.Parent, e.Source, e.Size, e.FileSystem, e.Use, e.ReadOnly,
            e.Labels, e.At, e.At)).Answering(e.Request, e.Id),
        PoolEvents.ReceptionIntended e => WithNew(new DeviceRecord(
            e.Id, e.Key, DeviceKind.Container, DevicePhase.Creating, e.Parent, e.Source, e.Size, e.FileSystem,
            DeviceUse.Active, ReadOnly: false, ImmutableSortedDictionary<string, string>.Empty, e.At, e.At)
        {
            Format = e.Format, Root = e.Root,
        }).Answering(e.Request, e.Id),
        PoolEvents.ContentNoted e => (this with { Contents = Contents.SetItem(e.Id, e.Content) })
            .Answering(e.Request, e.Id),
        PoolEvents.Created e => WithCreated(Devices[e.Id]),
        PoolEvents.CreationFailed e => WithFailed(e),
        PoolEvents.Claimed e => Put(Devices[e.Id] with
        {
            Key = e.Key, Labels = e.Labels, CreatedAt = e.At, UpdatedAt = e.At,
        }).Answering(e.Request, e.Id),
        PoolEvents.UseChanged e => Put(Devices[e.Id] with { Use = e.Use, ReadOnly = e.ReadOnly, UpdatedAt = e.At })
            .Answering(e.Request, e.Id),
        PoolEvents.ResizeIntended e => Put(Devices[e.Id] with { GrowingTo = e.Size, UpdatedAt = e.At })
            .Answering(e.Request, e.Id),
        PoolEvents.Resized e => Put(Devices[e.Id] with { Size = e.Size, GrowingTo = null }),
        PoolEvents.Committed e => Put(Devices[e.Id] with
        {
            Key = e.Key, Kind = DeviceKind.Layer, Use = DeviceUse.Idle, ReadOnly = false, Labels = e.Labels,
            Inodes = e.Inodes, CreatedAt = e.At, UpdatedAt = e.At,
        }).Answering(e.Request, e.Id),
        PoolEvents.ViewAdded e => Show(new ViewRecord(e.Key, e.Source, e.Labels, e.At, e.At))
            .Answering(e.Request, e.Source),
        PoolEvents.ViewRemoved e => Hide(Views[e.Key]).Answering(e.Request, Views[e.Key].Source),
        PoolEvents.LabelsChanged e => WithLabels(e),
        PoolEvents.RemovalIntended e => Put(Devices[e.Id] with
        {
            Phase = DevicePhase.Removing, Use = DeviceUse.Idle, UpdatedAt = e.At,
        }).Answering(e.Request, e.Id),
        PoolEvents.Removed e => Drop(e.Id),
        PoolEvents.Lost e => Put(Devices[e.Id] with { Phase = DevicePhase.Lost }),
        PoolEvents.Quarantined e => this with
        {
            Ledger = Ledger.Quarantined(new(e.Id, e.Why, e.At) { Hint = e.Hint }),
        },
        PoolEvents.PurgeIntended e => (this with { Purging = Purging.Add(e.Id) }).Answering(e.Request, subject: null),
        PoolEvents.Purged e => this with { Purging = Purging.Remove(e.Id), Ledger = Ledger.Released(e.Id) },
        PoolEvents.Undeleted e => WithUndeleted(e),
        PoolEvents.ImageTagged e => (this with
        {
            Images = Images.SetItem(
                e.Reference, new ImageRecord(e.Reference, e.TopLayer, e.ConfigDigest, e.Config, e.At)),
            NamedBy = NamedBy.SetItem(e.Reference, e.Request),
        }).Answering(e.Request, e.TopLayer),
        PoolEvents.ImageUntagged e => (this with
        {
            Images = Images.Remove(e.Reference), NamedBy = NamedBy.Remove(e.Reference),
        }).Answering(e.Request, subject: null),
        PoolEvents.RequestWithdrawn e => this with { Requests = Requests.Without(e.Request) },
        PoolEvents.ConditionChanged e => this with { Condition = new ConditionRecord(e.To, e.Why, e.At) },
        PoolEvents.Trimmed e => this with
        {
            LastTrim = new TrimRecord(e.At, e.FileSystems, e.HandedDown, e.GivenBack, e.Unmapped),
        },
        PoolEvents.SparesChanged e => (this with { Spares = e.Spares }).Answering(e.Request, subject: null),
        PoolEvents.BackingChanged e => MadeOf(e.Backing).Answering(e.Request, subject: null),
        PoolEvents.Found e => Put(Devices[e.Id] with { Phase = DevicePhase.Ready }),
        PoolEvents.CheckCleared e => Answering(e.Request, subject: null),
        PoolEvents.MetadataReplaced e => (MadeOf(e.Backing) with
        {
            Kept = KeptMetadata.Of(Identity!.Backing, e.At) is { } kept ? Kept.Add(kept) : Kept,
            // The journal expects the transaction id that the other metadata have: with any other it is the wrong pool.
            Checkpoint = new Checkpoint(e.TransactionId, Intended: null),
        }).Answering(e.Request, subject: null),
        PoolEvents.KeptMetadataDiscarded e => (this with { Kept = [] }).Answering(e.Request, subject: null),
        PoolEvents.BackedUp e => this with { LastBackup = new BackupRecord(e.Name, Why: null, e.At) },
        PoolEvents.BackupFailed e => this with { LastBackup = new BackupRecord(LastBackup?.Name, e.Why, e.At) },
        PoolEvents.BackupProved e => this with
        {
            Proofs = Proofs.With(e.Name, new BackupProof(Why: null, e.Took, e.At)),
        },
        PoolEvents.BackupNotProved e => this with
        {
            Proofs = Proofs.With(e.Name, new BackupProof(e.Why, e.Took, e.At)),
        },
        PoolEvents.TakenOver e => this with
        {
            Takeover = new TakeoverRecord(
                e.Program, e.Directory, e.TransactionId, [.. e.Thins], TakeoverPhase.Provisional),
        },
        PoolEvents.TakeoverConfirmed e => WithTakeover(TakeoverPhase.Confirmed).Answering(e.Request, subject: null),
        PoolEvents.ReturnIntended e => WithTakeover(TakeoverPhase.Returning).Answering(e.Request, subject: null),
        PoolEvents.Returned => WithTakeover(TakeoverPhase.Returned),
        PoolEvents.CheckpointIntended e => this with { Checkpoint = new Checkpoint(e.Expected, e.Next) },
        PoolEvents.CheckpointReached e => this with
        {
            Checkpoint = new Checkpoint(e.Id, Intended: null), WasOpened = true,
        },
        _ => throw new InvalidOperationException($"a pool does not know the event {happened.GetType().Name}"),
    };

    /// <summary>The state with this device, in place of the one of its id.</summary>
    private PoolState Put(DeviceRecord device) => this with
    {
        Devices = Devices.SetItem(device.Id, device),
        Index = Index.With(Devices.GetValueOrDefault(device.Id), device),
    };

    private PoolState Drop(ThinId id) => this with
    {
        Devices = Devices.Remove(id), Contents = Contents.Remove(id), Index = Index.With(Devices[id], after: null),
    };

    /// <summary>A view's device is live, read-only, from its first view to its last.</summary>
    private PoolState Show(ViewRecord view)
    {
        var source = Devices[view.Source];
        var live = source.Use == DeviceUse.Idle
            ? Put(source with { Use = DeviceUse.Active, ReadOnly = true })
            : this;
        return live with { Views = Views.Add(view.Key, view), Index = live.Index.WithViews(view.Source, 1) };
    }

    private PoolState Hide(ViewRecord view)
    {
        var left = this with { Views = Views.Remove(view.Key), Index = Index.WithViews(view.Source, -1) };
        return left.ViewsOf(view.Source) == 0
            && Devices.GetValueOrDefault(view.Source) is { Use: DeviceUse.Active } source
            ? left.Put(source with { Use = DeviceUse.Idle, ReadOnly = false })
            : left;
    }

    private PoolState MadeOf(PoolBacking backing) => this with
    {
        Identity = Identity! with { Backing = backing },
        // A disk that has become a part of the pool is no longer a spare.
        Spares = Spares.RemoveAll(disk => backing is PoolBacking.Disks disks
            && disks.Data.Concat(disks.Metadata).Any(part => part.Disk == disk)),
    };

    private PoolState WithTakeover(TakeoverPhase phase) => this with
    {
        Takeover = (Takeover ?? throw new InvalidOperationException("the pool was never another's"))
            with { Phase = phase },
    };

    private PoolState Answering(RequestId? request, ThinId? subject) =>
        request is null ? this : this with { Requests = Requests.With(request, subject) };

    private PoolState WithNew(DeviceRecord device)
    {
        if (Devices.ContainsKey(device.Id))
            throw new InvalidOperationException($"thin id {device.Id} has a device already");
        var source = device.Source is { } id ? Devices.GetValueOrDefault(id) : null;
        return Put(device with
        {
            CreatedIn = Checkpoint.Reached, Root = source?.Root ?? device.Root,
            Format = source?.Format ?? device.Format,
        }) with { Ledger = Ledger.Given(device.Id) };
    }

    private PoolState WithAdopted(DeviceRecord device)
    {
        if (Devices.ContainsKey(device.Id))
            throw new InvalidOperationException($"thin id {device.Id} has a device already");
        return Put(device) with { Ledger = Ledger.Given(device.Id) };
    }

    /// <summary>A device that was removed during its creation stays removed.</summary>
    private PoolState WithCreated(DeviceRecord device) =>
        device.Phase == DevicePhase.Removing ? this : Put(device with { Phase = DevicePhase.Ready });

    private PoolState WithFailed(PoolEvents.CreationFailed e)
    {
        var shown = ViewsOf(e.Id) == 0 ? this : Views.Values.Where(v => v.Source == e.Id).ToList()
            .Aggregate(this, (state, view) => state.Hide(view));
        var without = shown.Drop(e.Id) with { Requests = Requests.Without(e.Id) };
        return e.InDoubt
            ? without with
            {
                Ledger = Ledger.Quarantined(new QuarantineRecord(e.Id, e.Why, e.At) { Hint = HintOf(Devices[e.Id]) }),
            }
            : without;
    }

    private DeviceHint HintOf(DeviceRecord device) => new(
        device.Key, device.Parent is { } parent ? Devices.GetValueOrDefault(parent)?.Key : null, device.Size,
        device.FileSystem);

    private PoolState WithLabels(PoolEvents.LabelsChanged e)
    {
        if (Views.TryGetValue(e.Key, out var view))
        {
            var changed = view with { Labels = e.Labels, UpdatedAt = e.At };
            return (this with { Views = Views.SetItem(e.Key, changed) }).Answering(e.Request, view.Source);
        }
        var device = Devices[Keys[e.Key]];
        return Put(device with { Labels = e.Labels, UpdatedAt = e.At }).Answering(e.Request, device.Id);
    }

    /// <remarks>The transaction that created it is unknown here. The search for free ids does not restart behind it, so
    /// ids that were freed since then rest as long as all others.</remarks>
    private PoolState WithUndeleted(PoolEvents.Undeleted e)
    {
        var state = WithNew(new DeviceRecord(
            e.Id, e.Key, DeviceKind.Layer, DevicePhase.Ready, Parent: null, Source: null, e.Size, e.FileSystem,
            DeviceUse.Idle, ReadOnly: false, ImmutableSortedDictionary<string, string>.Empty, e.At, e.At))
            .Answering(e.Request, e.Id);
        return state.Put(state.Devices[e.Id] with { CreatedIn = TransactionId.Initial }) with
        {
            Ledger = Ledger.Released(e.Id),
        };
    }
}
