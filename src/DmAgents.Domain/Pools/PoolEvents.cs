using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>What has happened in a pool. Events are for ever: fields are added, a meaning is never changed.</summary>
public abstract record PoolEvent(DateTimeOffset At);

/// <summary>The events.</summary>
public static class PoolEvents
{
    /// <summary>The pool has an identity. Whether its devices exist is for the opening to find out.</summary>
    public sealed record Initialized(
        PoolUuid Uuid, PoolName Name, PoolBacking Backing, PoolBlockSize BlockSize, FileSystemKind FileSystem,
        ByteSize BaseSize, DateTimeOffset At) : PoolEvent(At)
    {
        /// <summary>The logical sectors of its devices; null in what was journaled before anyone looked.</summary>
        public ByteSize? SectorSize { get; init; }
    }

    /// <summary>
    /// The pool's journal begins anew, with what was found in the pool and claimed: the events that follow, in one
    /// write. Whatever it said before is void.
    /// </summary>
    public sealed record Adopted(RequestId Request, PoolIdentity Identity, DateTimeOffset At) : PoolEvent(At)
    {
        /// <summary>That the pool was another program's; null where it never was.</summary>
        public TakeoverRecord? Takeover { get; init; }

        /// <summary>Metadata that others had replaced, the oldest first.</summary>
        public ImmutableArray<KeptMetadata> Kept { get => field.IsDefault ? [] : field; init; }
    }

    /// <summary>The pool has this device, and it is known what it is.</summary>
    public sealed record DeviceAdopted(DeviceRecord Device, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: a base is to be made and formatted under this id.</summary>
    public sealed record BaseIntended(
        ThinId Id, DeviceKey Key, FileSystemKind FileSystem, ByteSize Size, DateTimeOffset At) : PoolEvent(At)
    {
        /// <summary>With which features; null in what was journaled when the host's mkfs chose them.</summary>
        public FormatName? Format { get; init; }
    }

    /// <summary>Intent: a snapshot of <paramref name="Source"/> is to be made under this id.</summary>
    public sealed record SnapshotIntended(
        RequestId Request, ThinId Id, DeviceKey Key, DeviceKind Kind, ThinId? Parent, ThinId Source, ByteSize Size,
        FileSystemKind FileSystem, DeviceUse Use, bool ReadOnly, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: the device that a layer of another host is received into is to be made under this id, and to be
    /// live.</summary>
    /// <param name="Parent">The layer below it in the lineage; null: none.</param>
    /// <param name="Source">The layer that it is a snapshot of; null: it is blank.</param>
    public sealed record ReceptionIntended(
        RequestId Request, ThinId Id, DeviceKey Key, ThinId? Parent, ThinId? Source, ByteSize Size,
        FileSystemKind FileSystem, FormatName? Format, string? Root, DateTimeOffset At) : PoolEvent(At);

    /// <summary>The blocks of the layer are these.</summary>
    public sealed record ContentNoted(RequestId? Request, ThinId Id, ContentDigest Content, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>Outcome: the pool has the device.</summary>
    public sealed record Created(ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Outcome: the pool does not have the device, or nobody knows: then the id is in quarantine.</summary>
    public sealed record CreationFailed(ThinId Id, string Why, bool InDoubt, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: this is to be live of the device.</summary>
    public sealed record UseChanged(RequestId? Request, ThinId Id, DeviceUse Use, bool ReadOnly, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>Intent: device and file system are to grow.</summary>
    public sealed record ResizeIntended(RequestId Request, ThinId Id, ByteSize Size, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Outcome: device and file system have this size.</summary>
    public sealed record Resized(ThinId Id, ByteSize Size, DateTimeOffset At) : PoolEvent(At);

    /// <summary>The container layer is a layer, and has another key.</summary>
    public sealed record Committed(
        RequestId Request, ThinId Id, DeviceKey Key, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolEvent(At)
    {
        /// <summary>How many inodes its file system has in use; null where nobody counted.</summary>
        public ulong? Inodes { get; init; }
    }

    /// <summary>A snapshot that was ready-made has an owner.</summary>
    public sealed record Claimed(
        RequestId Request, ThinId Id, DeviceKey Key, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolEvent(At);

    /// <summary>The device <paramref name="Source"/> can be read under this key, too. Intent: it is live.</summary>
    public sealed record ViewAdded(
        RequestId Request, DeviceKey Key, ThinId Source, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolEvent(At);

    /// <summary>The view is gone. Intent: with the last one its device is not live any more.</summary>
    public sealed record ViewRemoved(RequestId? Request, DeviceKey Key, DateTimeOffset At) : PoolEvent(At);

    /// <summary>The device or view of this key has these labels.</summary>
    public sealed record LabelsChanged(
        RequestId Request, DeviceKey Key, ImmutableSortedDictionary<string, string> Labels, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>The device is gone for its owner. Intent: its blocks are to go back to the pool.</summary>
    public sealed record RemovalIntended(RequestId? Request, ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Outcome: the pool does not have the device any more; the id is free.</summary>
    public sealed record Removed(ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Found by a comparison: the pool lacks a device that it should have.</summary>
    public sealed record Lost(ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Found by a comparison: the pool has an id that nobody knows.</summary>
    public sealed record Quarantined(ThinId Id, string Why, DateTimeOffset At) : PoolEvent(At)
    {
        /// <summary>What its file in metadata/ says that it was; null where there is none.</summary>
        public DeviceHint? Hint { get; init; }
    }

    /// <summary>Intent: the quarantined id and its blocks are to be deleted.</summary>
    public sealed record PurgeIntended(RequestId Request, ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Outcome: the pool does not have the quarantined id any more; it is free.</summary>
    public sealed record Purged(ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>The quarantined id has an owner again.</summary>
    public sealed record Undeleted(
        RequestId Request, ThinId Id, DeviceKey Key, ByteSize Size, FileSystemKind FileSystem, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>The reference means this layer with this configuration.</summary>
    public sealed record ImageTagged(
        RequestId Request, ImageReference Reference, ThinId TopLayer, string ConfigDigest, string Config,
        DateTimeOffset At) : PoolEvent(At);

    /// <summary>The reference means nothing any more.</summary>
    public sealed record ImageUntagged(RequestId Request, ImageReference Reference, DateTimeOffset At) : PoolEvent(At);

    /// <summary>
    /// Outcome: what the request intended could not be, and was taken back by the events before this one. The same
    /// request again is decided anew.
    /// </summary>
    public sealed record RequestWithdrawn(RequestId Request, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Found by a reading of the pool's status: what can be done with the pool is something else.</summary>
    /// <param name="Why">The cause, with its numbers, for people.</param>
    public sealed record ConditionChanged(PoolCondition From, PoolCondition To, string Why, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>Outcome: a round over the mounted file systems has ended.</summary>
    /// <param name="FileSystems">How many were trimmed.</param>
    /// <param name="HandedDown">What they do not use.</param>
    /// <param name="GivenBack">What the pool has back of it.</param>
    public sealed record Trimmed(int FileSystems, ByteSize HandedDown, ByteSize GivenBack, DateTimeOffset At)
        : PoolEvent(At)
    {
        /// <summary>What the devices do not map any more, and layers may have still. Null in earlier journals, whose
        /// given back is this.</summary>
        public ByteSize? Unmapped { get; init; }
    }

    /// <summary>The disks that the pool may be extended by, in this order.</summary>
    public sealed record SparesChanged(RequestId Request, ImmutableArray<DevicePath> Spares, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>The pool was another program's until now. Until the takeover is confirmed it can be given
    /// back.</summary>
    /// <param name="Program">Whose, for people.</param>
    /// <param name="Directory">Where that program keeps what it knows of the pool.</param>
    /// <param name="TransactionId">What the pool has, and is to have when it is given back.</param>
    /// <param name="Thins">Every thin id that the pool has.</param>
    public sealed record TakenOver(
        string Program, MountPath Directory, TransactionId TransactionId, ImmutableArray<ThinId> Thins,
        DateTimeOffset At) : PoolEvent(At);

    /// <summary>The pool is the agent's for good.</summary>
    public sealed record TakeoverConfirmed(RequestId Request, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: the pool is to be as the other program left it.</summary>
    public sealed record ReturnIntended(RequestId Request, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Outcome: the pool is as the other program left it. It is left alone from here on.</summary>
    public sealed record Returned(DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: the pool is to be made of this.</summary>
    public sealed record BackingChanged(RequestId? Request, PoolBacking Backing, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Found by a comparison: the pool has a device again that it had lost.</summary>
    public sealed record Found(ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>The pool's metadata were found sound, and the kernel's mark that demands a check is gone.</summary>
    public sealed record CheckCleared(RequestId Request, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: the pool is to be made of this, whose metadata are others; those it had are kept.</summary>
    /// <param name="TransactionId">That of the new ones, which may be an older one.</param>
    /// <param name="Backup">The backup that they were made of; null where the present ones were repaired.</param>
    public sealed record MetadataReplaced(
        RequestId Request, PoolBacking Backing, TransactionId TransactionId, string? Backup, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>Outcome: the metadata that were kept when others replaced them are gone.</summary>
    public sealed record KeptMetadataDiscarded(RequestId Request, DateTimeOffset At) : PoolEvent(At);

    /// <summary>A backup of the pool's metadata was made.</summary>
    /// <param name="Thins">How many thin devices it has.</param>
    /// <param name="Size">What its file takes.</param>
    /// <param name="Took">How long it took, for which the pool's metadata snapshot was held.</param>
    public sealed record BackedUp(
        string Name, TransactionId TransactionId, int Thins, ByteSize Size, TimeSpan Took, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>A backup of the pool's metadata could not be made. Told once until the next one succeeds.</summary>
    public sealed record BackupFailed(string Why, DateTimeOffset At) : PoolEvent(At);

    /// <summary>A backup was restored on a copy, and the copy is sound and has the devices that it should.</summary>
    /// <param name="Took">How long that took.</param>
    public sealed record BackupProved(string Name, TimeSpan Took, DateTimeOffset At) : PoolEvent(At);

    /// <summary>It was tried whether a backup can be restored, and it could not, or the try could not be
    /// made.</summary>
    /// <param name="Took">How long that took.</param>
    public sealed record BackupNotProved(string Name, string Why, TimeSpan Took, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: the pool's transaction id is to be <paramref name="Next"/>.</summary>
    public sealed record CheckpointIntended(TransactionId Expected, TransactionId Next, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>Outcome: the pool's transaction id is this.</summary>
    public sealed record CheckpointReached(TransactionId Id, DateTimeOffset At) : PoolEvent(At);
}
