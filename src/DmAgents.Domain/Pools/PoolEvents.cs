using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>What has happened in a pool. Events are permanent: fields are added, a meaning is never changed.</summary>
public abstract record PoolEvent(DateTimeOffset At);

/// <summary>The events.</summary>
public static class PoolEvents
{
    /// <summary>The pool has an identity. The opening finds out whether its devices exist.</summary>
    public sealed record Initialized(
        PoolUuid Uuid, PoolName Name, PoolBacking Backing, PoolBlockSize BlockSize, FileSystemKind FileSystem,
        ByteSize BaseSize, DateTimeOffset At) : PoolEvent(At)
    {
        /// <summary>The logical sectors of its devices; null in events from before the agent recorded them.</summary>
        public ByteSize? SectorSize { get; init; }
    }

    /// <summary>
    /// The pool's journal begins again with what was found in the pool and claimed: the events that follow, in the same
    /// write. Everything journaled before is void.
    /// </summary>
    public sealed record Adopted(RequestId Request, PoolIdentity Identity, DateTimeOffset At) : PoolEvent(At)
    {
        /// <summary>The pool's takeover from another program; null if there was none.</summary>
        public TakeoverRecord? Takeover { get; init; }

        /// <summary>Earlier metadata that were replaced and kept, the oldest first.</summary>
        public ImmutableArray<KeptMetadata> Kept { get => field.IsDefault ? [] : field; init; }
    }

    /// <summary>The pool has this device, and its record is known.</summary>
    public sealed record DeviceAdopted(DeviceRecord Device, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: create and format a base under this id.</summary>
    public sealed record BaseIntended(
        ThinId Id, DeviceKey Key, FileSystemKind FileSystem, ByteSize Size, DateTimeOffset At) : PoolEvent(At)
    {
        /// <summary>The file system's features; null in events from before the agent chose them itself instead of the
        /// host's mkfs.</summary>
        public FormatName? Format { get; init; }
    }

    /// <summary>Intent: create a snapshot of <paramref name="Source"/> under this id.</summary>
    public sealed record SnapshotIntended(
        RequestId Request, ThinId Id, DeviceKey Key, DeviceKind Kind, ThinId? Parent, ThinId Source, ByteSize Size,
        FileSystemKind FileSystem, DeviceUse Use, bool ReadOnly, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: create and activate, under this id, the device that receives a layer of another host.</summary>
    /// <param name="Parent">The layer below it in the lineage; null if none.</param>
    /// <param name="Source">The layer that it is a snapshot of; null if it is blank.</param>
    public sealed record ReceptionIntended(
        RequestId Request, ThinId Id, DeviceKey Key, ThinId? Parent, ThinId? Source, ByteSize Size,
        FileSystemKind FileSystem, FormatName? Format, string? Root, DateTimeOffset At) : PoolEvent(At);

    /// <summary>The content digest of the layer's blocks is known.</summary>
    public sealed record ContentNoted(RequestId? Request, ThinId Id, ContentDigest Content, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>Outcome: the pool has the device.</summary>
    public sealed record Created(ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Outcome: the pool does not have the device, or its state is unknown: then the id is in
    /// quarantine.</summary>
    public sealed record CreationFailed(ThinId Id, string Why, bool InDoubt, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: bring the device to this use.</summary>
    public sealed record UseChanged(RequestId? Request, ThinId Id, DeviceUse Use, bool ReadOnly, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>Intent: grow device and file system.</summary>
    public sealed record ResizeIntended(RequestId Request, ThinId Id, ByteSize Size, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Outcome: device and file system have this size.</summary>
    public sealed record Resized(ThinId Id, ByteSize Size, DateTimeOffset At) : PoolEvent(At);

    /// <summary>The container layer has become a layer with another key.</summary>
    public sealed record Committed(
        RequestId Request, ThinId Id, DeviceKey Key, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolEvent(At)
    {
        /// <summary>How many inodes its file system has in use; null if they were not counted.</summary>
        public ulong? Inodes { get; init; }
    }

    /// <summary>A snapshot from the stock has an owner.</summary>
    public sealed record Claimed(
        RequestId Request, ThinId Id, DeviceKey Key, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolEvent(At);

    /// <summary>The device <paramref name="Source"/> can also be read under this key. Intent: activate it.</summary>
    public sealed record ViewAdded(
        RequestId Request, DeviceKey Key, ThinId Source, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolEvent(At);

    /// <summary>The view is removed. Intent: deactivate its device with the last view.</summary>
    public sealed record ViewRemoved(RequestId? Request, DeviceKey Key, DateTimeOffset At) : PoolEvent(At);

    /// <summary>The device or view of this key has these labels.</summary>
    public sealed record LabelsChanged(
        RequestId Request, DeviceKey Key, ImmutableSortedDictionary<string, string> Labels, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>The owner has removed the device. Intent: return its blocks to the pool.</summary>
    public sealed record RemovalIntended(RequestId? Request, ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Outcome: the pool no longer has the device; the id is free.</summary>
    public sealed record Removed(ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Found by a comparison: the pool lacks a device that it should have.</summary>
    public sealed record Lost(ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Found by a comparison: the pool has an id that the journal does not know.</summary>
    public sealed record Quarantined(ThinId Id, string Why, DateTimeOffset At) : PoolEvent(At)
    {
        /// <summary>What the id's file in metadata/ says about it; null if there is no file.</summary>
        public DeviceHint? Hint { get; init; }
    }

    /// <summary>Intent: delete the quarantined id and its blocks.</summary>
    public sealed record PurgeIntended(RequestId Request, ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Outcome: the pool no longer has the quarantined id; the id is free.</summary>
    public sealed record Purged(ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>The quarantined id has an owner again.</summary>
    public sealed record Undeleted(
        RequestId Request, ThinId Id, DeviceKey Key, ByteSize Size, FileSystemKind FileSystem, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>The reference names this layer with this configuration.</summary>
    public sealed record ImageTagged(
        RequestId Request, ImageReference Reference, ThinId TopLayer, string ConfigDigest, string Config,
        DateTimeOffset At) : PoolEvent(At);

    /// <summary>The reference names no layer any more.</summary>
    public sealed record ImageUntagged(RequestId Request, ImageReference Reference, DateTimeOffset At) : PoolEvent(At);

    /// <summary>
    /// Outcome: the intended change was impossible, and the events before this one took it back. The same request is
    /// decided afresh if it is repeated.
    /// </summary>
    public sealed record RequestWithdrawn(RequestId Request, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Found in the pool's status: the pool's condition has changed.</summary>
    /// <param name="Why">The cause, with its numbers, for people.</param>
    public sealed record ConditionChanged(PoolCondition From, PoolCondition To, string Why, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>Outcome: a trim round over the mounted file systems has ended.</summary>
    /// <param name="FileSystems">How many were trimmed.</param>
    /// <param name="HandedDown">What the file systems do not use.</param>
    /// <param name="GivenBack">What of it returned to the pool.</param>
    public sealed record Trimmed(int FileSystems, ByteSize HandedDown, ByteSize GivenBack, DateTimeOffset At)
        : PoolEvent(At)
    {
        /// <summary>What the devices no longer map; layers may still map it. Null in earlier journals, where GivenBack
        /// has this value.</summary>
        public ByteSize? Unmapped { get; init; }
    }

    /// <summary>The disks by which the pool may be extended, in this order.</summary>
    public sealed record SparesChanged(RequestId Request, ImmutableArray<DevicePath> Spares, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>The pool belonged to another program until this event. Until the takeover is confirmed the pool can be
    /// returned.</summary>
    /// <param name="Program">The other program, for people.</param>
    /// <param name="Directory">Where that program keeps its data about the pool.</param>
    /// <param name="TransactionId">The pool's transaction id, which a return restores.</param>
    /// <param name="Thins">Every thin id of the pool.</param>
    public sealed record TakenOver(
        string Program, MountPath Directory, TransactionId TransactionId, ImmutableArray<ThinId> Thins,
        DateTimeOffset At) : PoolEvent(At);

    /// <summary>The takeover is final.</summary>
    public sealed record TakeoverConfirmed(RequestId Request, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: bring the pool back to the state in which the other program left it.</summary>
    public sealed record ReturnIntended(RequestId Request, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Outcome: the pool is as the other program left it. The agent does not touch it again.</summary>
    public sealed record Returned(DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: give the pool this backing.</summary>
    public sealed record BackingChanged(RequestId? Request, PoolBacking Backing, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Found by a comparison: a lost device is in the pool again.</summary>
    public sealed record Found(ThinId Id, DateTimeOffset At) : PoolEvent(At);

    /// <summary>The pool's metadata were found sound, and the kernel's needs_check flag is cleared.</summary>
    public sealed record CheckCleared(RequestId Request, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: give the pool this backing, which has other metadata; the previous metadata are kept.</summary>
    /// <param name="TransactionId">The transaction id of the other metadata, which may be older.</param>
    /// <param name="Backup">The backup that they were restored from; null if the present ones were repaired.</param>
    public sealed record MetadataReplaced(
        RequestId Request, PoolBacking Backing, TransactionId TransactionId, string? Backup, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>Outcome: the metadata kept at the last replacement are deleted.</summary>
    public sealed record KeptMetadataDiscarded(RequestId Request, DateTimeOffset At) : PoolEvent(At);

    /// <summary>A backup of the pool's metadata was made.</summary>
    /// <param name="Thins">How many thin devices it has.</param>
    /// <param name="Size">The size of its file.</param>
    /// <param name="Took">How long it took; for that time the agent held the pool's metadata snapshot.</param>
    public sealed record BackedUp(
        string Name, TransactionId TransactionId, int Thins, ByteSize Size, TimeSpan Took, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>A backup of the pool's metadata failed. Recorded once until the next backup succeeds.</summary>
    public sealed record BackupFailed(string Why, DateTimeOffset At) : PoolEvent(At);

    /// <summary>A test restore of a backup to a copy succeeded: the copy is sound and has the expected
    /// devices.</summary>
    /// <param name="Took">How long that took.</param>
    public sealed record BackupProved(string Name, TimeSpan Took, DateTimeOffset At) : PoolEvent(At);

    /// <summary>A test restore of a backup failed, or could not be run.</summary>
    /// <param name="Took">How long that took.</param>
    public sealed record BackupNotProved(string Name, string Why, TimeSpan Took, DateTimeOffset At) : PoolEvent(At);

    /// <summary>Intent: set the pool's transaction id to <paramref name="Next"/>.</summary>
    public sealed record CheckpointIntended(TransactionId Expected, TransactionId Next, DateTimeOffset At)
        : PoolEvent(At);

    /// <summary>Outcome: the pool's transaction id is this.</summary>
    public sealed record CheckpointReached(TransactionId Id, DateTimeOffset At) : PoolEvent(At);
}
