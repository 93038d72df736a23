using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>A change requested of a pool. The command carries the time, and the event keeps it.</summary>
public abstract record PoolCommand(RequestId Request, DateTimeOffset At);

/// <summary>A command with its type of reply: <typeparamref name="TReply"/>, or <see
/// cref="PoolReplies.Refused"/>.</summary>
public abstract record PoolCommand<TReply>(RequestId Request, DateTimeOffset At) : PoolCommand(Request, At)
    where TReply : PoolReplies.Success;

/// <summary>The commands. <see cref="PoolDecider"/> decides each of them.</summary>
public static class PoolCommands
{
    /// <summary>Makes a new pool on <paramref name="Backing"/>.</summary>
    public sealed record Initialize(
        RequestId Request, PoolUuid Uuid, PoolName Name, PoolBacking Backing, PoolBlockSize BlockSize,
        FileSystemKind FileSystem, ByteSize BaseSize, DateTimeOffset At)
        : PoolCommand<PoolReplies.PoolCreated>(Request, At)
    {
        /// <summary>The logical sector size that its devices will have; null if it is unknown.</summary>
        public ByteSize? SectorSize { get; init; }
    }

    /// <summary>
    /// Starts the journal of an existing pool again, with what <paramref name="Plan"/> adopts. For a pool without a
    /// journal, and for one whose journal and content do not belong together.
    /// </summary>
    /// <param name="Found">The pool's transaction id when its content was read.</param>
    public sealed record Adopt(
        RequestId Request, PoolIdentity Identity, AdoptionPlan Plan, TransactionId Found,
        ImmutableArray<DevicePath> Spares, DateTimeOffset At) : PoolCommand<PoolReplies.PoolAdopted>(Request, At)
    {
        /// <summary>The pool's takeover from another program; null if there was none.</summary>
        public TakeoverRecord? Takeover { get; init; }

        /// <summary>Earlier metadata that were replaced and kept, the oldest first.</summary>
        public ImmutableArray<KeptMetadata> Kept { get; init; } = [];
    }

    /// <summary>Creates a snapshot of a layer, or of the base if <paramref name="Parent"/> is null.</summary>
    /// <param name="Size">If larger than the parent's, the file system is grown. Null: the parent's size.</param>
    /// <param name="FileSystem">Only without a parent; null: the pool's default.</param>
    /// <param name="Use">The device's use when the reply arrives.</param>
    public sealed record CreateSnapshot(
        RequestId Request, DeviceKey Key, DeviceKey? Parent, ByteSize? Size,
        FileSystemKind? FileSystem, DeviceUse Use, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolCommand<PoolReplies.Created>(Request, At);

    /// <summary>
    /// Creates the device that receives a layer of another host, and activates it for writing. Nothing is grown or
    /// formatted: all its content comes from the other host.
    /// </summary>
    /// <param name="Key">A key of <see cref="DeviceKey.ReceptionSpace"/>.</param>
    /// <param name="Parent">The layer below it in the lineage; null if none.</param>
    /// <param name="Source">The layer that it starts as a snapshot of; null: it starts blank.</param>
    public sealed record Receive(
        RequestId Request, DeviceKey Key, DeviceKey? Parent, DeviceKey? Source, ByteSize Size,
        FileSystemKind FileSystem, DateTimeOffset At) : PoolCommand<PoolReplies.Created>(Request, At)
    {
        /// <summary>The features of its file system; null if the other host does not know them.</summary>
        public FormatName? Format { get; init; }

        /// <summary>The directory of its file system that is its tree; null: the whole file system.</summary>
        public string? Root { get; init; }
    }

    /// <summary>Records the content digest of a layer's blocks. Refused if another digest is recorded.</summary>
    public sealed record NoteContent(RequestId Request, DeviceKey Key, ContentDigest Content, DateTimeOffset At)
        : PoolCommand<PoolReplies.ContentNoted>(Request, At);

    /// <summary>Makes a layer or a base readable under another key. Its device is live when the reply
    /// arrives.</summary>
    /// <param name="Parent">The layer to read; null: the empty base.</param>
    /// <param name="FileSystem">Only without a parent; null: the pool's default.</param>
    public sealed record CreateView(
        RequestId Request, DeviceKey Key, DeviceKey? Parent, FileSystemKind? FileSystem,
        ImmutableSortedDictionary<string, string> Labels, DateTimeOffset At)
        : PoolCommand<PoolReplies.Created>(Request, At);

    /// <summary>Changes the labels of a device or view.</summary>
    /// <param name="Replace">Removes labels that are not in <paramref name="Set"/>.</param>
    /// <param name="Set">Labels to set.</param>
    /// <param name="Unset">Labels to remove. A missing one: done.</param>
    public sealed record SetLabels(
        RequestId Request, DeviceKey Key, bool Replace, ImmutableSortedDictionary<string, string> Set,
        ImmutableArray<string> Unset, DateTimeOffset At) : PoolCommand<PoolReplies.LabelsSet>(Request, At);

    /// <summary>Turns a container layer that is not mounted into a layer of another key, without copying.</summary>
    public sealed record Commit(
        RequestId Request, DeviceKey Key, DeviceKey NewKey, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolCommand<PoolReplies.Committed>(Request, At)
    {
        /// <summary>How many inodes its file system has in use; null if they were not counted.</summary>
        public ulong? Inodes { get; init; }

        /// <summary>The content digest of its blocks; null if it was not computed.</summary>
        public ContentDigest? Content { get; init; }
    }

    /// <summary>Makes a layer of a container layer's present content; the container keeps running.</summary>
    public sealed record CommitLive(
        RequestId Request, DeviceKey Key, DeviceKey NewKey, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolCommand<PoolReplies.Committed>(Request, At)
    {
        /// <summary>Removes the container once the layer exists.</summary>
        public bool InPlaceOfIt { get; init; }
    }

    /// <summary>Activates, mounts, unmounts or deactivates.</summary>
    /// <param name="ReadOnly">Only with Active and Mounted.</param>
    public sealed record SetUse(RequestId Request, DeviceKey Key, DeviceUse Use, bool ReadOnly, DateTimeOffset At)
        : PoolCommand<PoolReplies.UseSet>(Request, At)
    {
        /// <summary>With Idle: deactivates the device even while it is in use. The kernel removes it on last
        /// close.</summary>
        public bool Detach { get; init; }
    }

    /// <summary>Ensures that the kernel's state of a device, or of a view's device, is what the journal says. Does not
    /// change the journal; restores what was removed by hand.</summary>
    public sealed record Confirm(RequestId Request, DeviceKey Key, DateTimeOffset At)
        : PoolCommand<PoolReplies.Confirmed>(Request, At);

    /// <summary>Grows a container layer and its file system.</summary>
    public sealed record Resize(RequestId Request, DeviceKey Key, ByteSize Size, DateTimeOffset At)
        : PoolCommand<PoolReplies.Resized>(Request, At);

    /// <summary>Removes a device or view. When the reply arrives, its key is free and its owner can no longer use
    /// it.</summary>
    /// <param name="Force">Even if it is mounted.</param>
    public sealed record Remove(RequestId Request, DeviceKey Key, bool Force, DateTimeOffset At)
        : PoolCommand<PoolReplies.Removed>(Request, At);

    /// <summary>Gives a reference to a layer; another image with that reference loses it.</summary>
    /// <param name="Expected">Refused if the reference names another image at this moment; null: no check.</param>
    public sealed record TagImage(
        RequestId Request, ImageReference Reference, DeviceKey TopLayer, string ConfigDigest, string Config,
        DateTimeOffset At, ImageExpectation? Expected = null) : PoolCommand<PoolReplies.ImageTagged>(Request, At);

    /// <summary>Removes a reference, and the layers that nothing needs any more.</summary>
    /// <param name="ExpectedConfig">Refused if the reference names an image with another configuration at this moment;
    /// null: no check.</param>
    public sealed record UntagImage(
        RequestId Request, ImageReference Reference, DateTimeOffset At, string? ExpectedConfig = null)
        : PoolCommand<PoolReplies.ImageUntagged>(Request, At);

    /// <summary>Grows the pool: the new backing extends the present one.</summary>
    public sealed record Grow(RequestId Request, PoolBacking Backing, DateTimeOffset At)
        : PoolCommand<PoolReplies.Grown>(Request, At);

    /// <summary>Replaces the list of disks by which the pool is extended when it runs low.</summary>
    public sealed record SetSpares(RequestId Request, ImmutableArray<DevicePath> Spares, DateTimeOffset At)
        : PoolCommand<PoolReplies.SparesSet>(Request, At);

    /// <summary>Takes over a pool of another program with its content. Changes nothing in the pool.</summary>
    /// <param name="TransactionId">The pool's transaction id; a pool with another id is not the one that was
    /// inspected.</param>
    /// <param name="Thins">Every thin id of the pool.</param>
    /// <param name="Program">The other program, for people.</param>
    /// <param name="Directory">Where that program keeps its data about the pool.</param>
    public sealed record TakeOver(
        RequestId Request, PoolUuid Uuid, PoolName Name, PoolBacking Backing, PoolBlockSize BlockSize,
        FileSystemKind FileSystem, ByteSize BaseSize, TransactionId TransactionId, ImmutableArray<ThinId> Thins,
        string Program, MountPath Directory, ImmutableArray<DeviceRecord> Devices, ImmutableArray<AdoptedImage> Images,
        DateTimeOffset At) : PoolCommand<PoolReplies.PoolAdopted>(Request, At)
    {
        /// <summary>The logical sector size of its devices; null if it is unknown.</summary>
        public ByteSize? SectorSize { get; init; }
    }

    /// <summary>Makes the takeover of another program's pool final.</summary>
    public sealed record ConfirmTakeover(RequestId Request, DateTimeOffset At)
        : PoolCommand<PoolReplies.TakeoverConfirmed>(Request, At);

    /// <summary>Deletes a quarantined thin id and its blocks.</summary>
    public sealed record Purge(RequestId Request, ThinId Id, DateTimeOffset At)
        : PoolCommand<PoolReplies.Purged>(Request, At);

    /// <summary>Gives a quarantined thin id an owner again, as a layer.</summary>
    public sealed record Undelete(
        RequestId Request, ThinId Id, DeviceKey Key, ByteSize Size, FileSystemKind FileSystem, DateTimeOffset At)
        : PoolCommand<PoolReplies.Undeleted>(Request, At);

    /// <summary>Deactivates the pool and removes its labels or files.</summary>
    /// <param name="Force">Even if it has layers and containers: they are lost.</param>
    public sealed record Retire(RequestId Request, bool Force, DateTimeOffset At)
        : PoolCommand<PoolReplies.Retired>(Request, At);

    /// <summary>
    /// Compares journal, pool and live devices again, as after a restart, and makes them agree. Also for a pool that an
    /// earlier comparison left closed. The reply comes when the pool is open, or remains closed.
    /// </summary>
    /// <param name="Accept">The pool's transaction id, if the operator confirms that pool and journal belong together
    /// although the journal expects another id.</param>
    public sealed record Repair(RequestId Request, TransactionId? Accept, DateTimeOffset At)
        : PoolCommand<PoolReplies.Repaired>(Request, At);

    /// <summary>Trims the mounted file systems now, without pauses. The reply comes at the end of the round.</summary>
    public sealed record Trim(RequestId Request, DateTimeOffset At) : PoolCommand<PoolReplies.Trimmed>(Request, At);

    /// <summary>
    /// Deactivates the pool, makes its metadata usable, and opens it again. Also for a pool that is not open. The reply
    /// comes when it is open, or remains closed.
    /// </summary>
    /// <param name="Source">The source of replacement metadata if the present ones are damaged.</param>
    /// <param name="Next">The backing with the replacement metadata; null if there is no place for them.</param>
    public sealed record RepairMetadata(
        RequestId Request, MetadataSource Source, PoolBacking? Next, DateTimeOffset At)
        : PoolCommand<PoolReplies.MetadataRepaired>(Request, At);

    /// <summary>Deletes the metadata that were kept after a replacement.</summary>
    public sealed record DiscardMetadata(RequestId Request, DateTimeOffset At)
        : PoolCommand<PoolReplies.MetadataDiscarded>(Request, At);

    /// <summary>Returns the pool to the program it was taken over from, in its former state, and deletes its
    /// journal.</summary>
    public sealed record Return(RequestId Request, DateTimeOffset At) : PoolCommand<PoolReplies.Returned>(Request, At);

    /// <summary>Records the outcome of a metadata backup.</summary>
    public sealed record NoteBackup(RequestId Request, BackupOutcome Outcome, DateTimeOffset At)
        : PoolCommand<PoolReplies.BackupNoted>(Request, At);
}
