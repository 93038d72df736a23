using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>Who a pool is. Does not change, but for growth of the backing.</summary>
public sealed record PoolIdentity(
    PoolUuid Uuid, PoolName Name, PoolBacking Backing, PoolBlockSize BlockSize, FileSystemKind FileSystem,
    ByteSize BaseSize, DateTimeOffset CreatedAt);

/// <summary>Which transaction id the pool must have for the journal to be its own.</summary>
/// <param name="Reached">The latest that the agent knows to be set.</param>
/// <param name="Intended">One that may have been set; null where none is under way.</param>
public sealed record Checkpoint(TransactionId Reached, TransactionId? Intended)
{
    public bool Allows(TransactionId found) => found == Reached || found == Intended;
}

/// <summary>The truth about a pool, as its journal tells it. Immutable; changed only by <see cref="Apply"/>.</summary>
public sealed record PoolState(
    PoolIdentity? Identity,
    ImmutableDictionary<ThinId, DeviceRecord> Devices,
    ImmutableDictionary<DeviceKey, ThinId> Keys,
    ImmutableDictionary<ThinId, int> Children,
    ImmutableDictionary<ImageReference, ImageRecord> Images,
    ImmutableHashSet<ThinId> Purging,
    ThinIdLedger Ledger,
    Checkpoint Checkpoint,
    RequestLog Requests)
{
    /// <summary>The pool's own metadata exist and may hold devices: they are never formatted again.</summary>
    public bool WasOpened { get; init; }

    public static PoolState Empty { get; } = new(
        Identity: null,
        ImmutableDictionary<ThinId, DeviceRecord>.Empty,
        ImmutableDictionary<DeviceKey, ThinId>.Empty,
        ImmutableDictionary<ThinId, int>.Empty,
        ImmutableDictionary<ImageReference, ImageRecord>.Empty,
        ImmutableHashSet<ThinId>.Empty,
        ThinIdLedger.Empty,
        new Checkpoint(TransactionId.Initial, Intended: null),
        RequestLog.Empty);

    public DeviceRecord? Find(DeviceKey key) => Keys.TryGetValue(key, out var id) ? Devices[id] : null;

    /// <summary>How many present devices lie directly above this one.</summary>
    public int ChildrenOf(ThinId id) => Children.GetValueOrDefault(id);

    public IEnumerable<ImageRecord> ImagesOf(ThinId topLayer) => Images.Values.Where(i => i.TopLayer == topLayer);

    /// <summary>The device and its ancestors, down to the base.</summary>
    public IEnumerable<DeviceRecord> LineageOf(DeviceRecord device)
    {
        for (var at = device; at is not null; at = at.Parent is { } parent ? Devices.GetValueOrDefault(parent) : null)
            yield return at;
    }

    /// <summary>The state after an event. An event that does not fit the state is a bug, and throws.</summary>
    public PoolState Apply(PoolEvent happened) => happened switch
    {
        PoolEvents.Initialized e => this with
        {
            Identity = new PoolIdentity(e.Uuid, e.Name, e.Backing, e.BlockSize, e.FileSystem, e.BaseSize, e.At),
        },
        PoolEvents.BaseIntended e => WithNew(new DeviceRecord(
            e.Id, e.Key, DeviceKind.Base, DevicePhase.Creating, Parent: null, Source: null, e.Size, e.FileSystem,
            DeviceUse.Idle, ReadOnly: false, ImmutableSortedDictionary<string, string>.Empty, e.At, e.At)),
        PoolEvents.SnapshotIntended e => WithNew(new DeviceRecord(
            e.Id, e.Key, e.Kind, DevicePhase.Creating, e.Parent, e.Source, e.Size, e.FileSystem, e.Use, e.ReadOnly,
            e.Labels, e.At, e.At)) with { Requests = Requests.With(e.Request, e.Id) },
        PoolEvents.Created e => WithCreated(Devices[e.Id]),
        PoolEvents.CreationFailed e => WithFailed(e),
        PoolEvents.UseChanged e => With(Devices[e.Id] with { Use = e.Use, ReadOnly = e.ReadOnly, UpdatedAt = e.At })
            with { Requests = Requests.With(e.Request, e.Id) },
        PoolEvents.ResizeIntended e => With(Devices[e.Id] with { GrowingTo = e.Size, UpdatedAt = e.At })
            with { Requests = Requests.With(e.Request, e.Id) },
        PoolEvents.Resized e => With(Devices[e.Id] with { Size = e.Size, GrowingTo = null }),
        PoolEvents.Committed e => WithCommitted(e),
        PoolEvents.RemovalIntended e => WithRemoval(Devices[e.Id], e),
        PoolEvents.Removed e => this with { Devices = Devices.Remove(e.Id) },
        PoolEvents.Lost e => With(Devices[e.Id] with { Phase = DevicePhase.Lost }),
        PoolEvents.Quarantined e => this with { Ledger = Ledger.Quarantined(new(e.Id, e.Why, e.At)) },
        PoolEvents.PurgeIntended e => this with
        {
            Purging = Purging.Add(e.Id), Requests = Requests.With(e.Request, subject: null),
        },
        PoolEvents.Purged e => this with { Purging = Purging.Remove(e.Id), Ledger = Ledger.Released(e.Id) },
        PoolEvents.Undeleted e => WithUndeleted(e),
        PoolEvents.ImageTagged e => this with
        {
            Images = Images.SetItem(
                e.Reference, new ImageRecord(e.Reference, e.TopLayer, e.ConfigDigest, e.Config, e.At)),
            Requests = Requests.With(e.Request, e.TopLayer),
        },
        PoolEvents.ImageUntagged e => this with
        {
            Images = Images.Remove(e.Reference), Requests = Requests.With(e.Request, subject: null),
        },
        PoolEvents.RequestWithdrawn e => this with { Requests = Requests.Without(e.Request) },
        PoolEvents.BackingChanged e => this with
        {
            Identity = Identity! with { Backing = e.Backing }, Requests = Requests.With(e.Request, subject: null),
        },
        PoolEvents.CheckpointIntended e => this with { Checkpoint = new Checkpoint(e.Expected, e.Next) },
        PoolEvents.CheckpointReached e => this with
        {
            Checkpoint = new Checkpoint(e.Id, Intended: null), WasOpened = true,
        },
        _ => throw new InvalidOperationException($"a pool does not know the event {happened.GetType().Name}"),
    };

    private PoolState With(DeviceRecord device) => this with { Devices = Devices.SetItem(device.Id, device) };

    private PoolState WithNew(DeviceRecord device) => this with
    {
        Devices = Devices.Add(device.Id, device with { CreatedIn = Checkpoint.Reached }),
        Keys = Keys.Add(device.Key, device.Id),
        Children = Count(Children, device.Parent, 1),
        Ledger = Ledger.Given(device.Id),
    };

    private PoolState WithoutOwner(DeviceRecord device) => this with
    {
        Keys = Keys.TryGetValue(device.Key, out var id) && id == device.Id ? Keys.Remove(device.Key) : Keys,
        Children = Count(Children, device.Parent, -1),
    };

    /// <summary>A device that was removed while it was being made stays removed.</summary>
    private PoolState WithCreated(DeviceRecord device) =>
        device.Phase == DevicePhase.Removing ? this : With(device with { Phase = DevicePhase.Ready });

    private PoolState WithFailed(PoolEvents.CreationFailed e)
    {
        var device = Devices[e.Id];
        var owned = device.Phase == DevicePhase.Removing ? this : WithoutOwner(device);
        var without = owned with { Devices = Devices.Remove(e.Id), Requests = Requests.Without(e.Id) };
        return e.InDoubt
            ? without with { Ledger = Ledger.Quarantined(new QuarantineRecord(e.Id, e.Why, e.At)) }
            : without;
    }

    private PoolState WithRemoval(DeviceRecord device, PoolEvents.RemovalIntended e)
    {
        var owned = device.Phase is DevicePhase.Removing ? this : WithoutOwner(device);
        var removing = device with { Phase = DevicePhase.Removing, Use = DeviceUse.Idle, UpdatedAt = e.At };
        return owned.With(removing) with { Requests = Requests.With(e.Request, e.Id) };
    }

    private PoolState WithCommitted(PoolEvents.Committed e)
    {
        var device = Devices[e.Id];
        var layer = device with
        {
            Key = e.Key, Kind = DeviceKind.Layer, Use = DeviceUse.Idle, ReadOnly = false, Labels = e.Labels,
            CreatedAt = e.At, UpdatedAt = e.At,
        };
        return With(layer) with
        {
            Keys = Keys.Remove(device.Key).Add(e.Key, e.Id), Requests = Requests.With(e.Request, e.Id),
        };
    }

    private PoolState WithUndeleted(PoolEvents.Undeleted e) =>
        WithNew(new DeviceRecord(
            e.Id, e.Key, DeviceKind.Layer, DevicePhase.Ready, Parent: null, Source: null, e.Size, e.FileSystem,
            DeviceUse.Idle, ReadOnly: false, ImmutableSortedDictionary<string, string>.Empty, e.At, e.At))
        with
        {
            Ledger = Ledger.Released(e.Id), Requests = Requests.With(e.Request, e.Id),
        };

    private static ImmutableDictionary<ThinId, int> Count(
        ImmutableDictionary<ThinId, int> counts, ThinId? parent, int by)
    {
        if (parent is not { } id)
            return counts;
        var count = counts.GetValueOrDefault(id) + by;
        return count == 0 ? counts.Remove(id) : counts.SetItem(id, count);
    }
}
