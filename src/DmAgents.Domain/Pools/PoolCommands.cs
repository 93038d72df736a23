using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>What a pool can be asked to change. The time arrives with the command and stays in the event.</summary>
public abstract record PoolCommand(RequestId Request, DateTimeOffset At);

/// <summary>A command that names its reply: <typeparamref name="TReply"/>, or
/// <see cref="PoolReplies.Refused"/>.</summary>
public abstract record PoolCommand<TReply>(RequestId Request, DateTimeOffset At) : PoolCommand(Request, At)
    where TReply : PoolReplies.Success;

/// <summary>The commands. Every one is decided by <see cref="PoolDecider"/>.</summary>
public static class PoolCommands
{
    /// <summary>Makes a new pool of <paramref name="Backing"/>.</summary>
    public sealed record Initialize(
        RequestId Request, PoolUuid Uuid, PoolName Name, PoolBacking Backing, PoolBlockSize BlockSize,
        FileSystemKind FileSystem, ByteSize BaseSize, DateTimeOffset At)
        : PoolCommand<PoolReplies.PoolCreated>(Request, At)
    {
        /// <summary>The logical sectors that its devices will have; null where nobody looked.</summary>
        public ByteSize? SectorSize { get; init; }
    }

    /// <summary>
    /// Begins the journal of a pool that is there anew, with what <paramref name="Plan"/> takes over. For a pool that
    /// nobody knows, and for one whose journal and content do not belong together.
    /// </summary>
    /// <param name="Found">The pool's transaction id when its content was read.</param>
    public sealed record Adopt(
        RequestId Request, PoolIdentity Identity, AdoptionPlan Plan, TransactionId Found,
        ImmutableArray<DevicePath> Spares, DateTimeOffset At) : PoolCommand<PoolReplies.PoolAdopted>(Request, At)
    {
        /// <summary>That the pool was another program's; null where it never was.</summary>
        public TakeoverRecord? Takeover { get; init; }

        /// <summary>Metadata that others had replaced, the oldest first.</summary>
        public ImmutableArray<KeptMetadata> Kept { get; init; } = [];
    }

    /// <summary>Makes a snapshot of a layer, or of the base where <paramref name="Parent"/> is null.</summary>
    /// <param name="Size">Larger than the parent's: the file system is grown. Null: as large as the parent.</param>
    /// <param name="FileSystem">For a parentless one; null: the pool's default.</param>
    /// <param name="Use">What is to be live of it when the answer comes.</param>
    public sealed record CreateSnapshot(
        RequestId Request, DeviceKey Key, DeviceKey? Parent, ByteSize? Size,
        FileSystemKind? FileSystem, DeviceUse Use, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolCommand<PoolReplies.Created>(Request, At);

    /// <summary>
    /// Makes the device that a layer of another host is received into, and makes it live for writing. Nothing is grown
    /// or formatted: all that is to be on it comes from the other host.
    /// </summary>
    /// <param name="Key">Of <see cref="DeviceKey.ReceptionSpace"/>.</param>
    /// <param name="Parent">The layer below it in the lineage; null: none.</param>
    /// <param name="Source">The layer that it begins as a snapshot of; null: it begins blank.</param>
    public sealed record Receive(
        RequestId Request, DeviceKey Key, DeviceKey? Parent, DeviceKey? Source, ByteSize Size,
        FileSystemKind FileSystem, DateTimeOffset At) : PoolCommand<PoolReplies.Created>(Request, At)
    {
        /// <summary>How its file system was made; null if the other host does not know.</summary>
        public FormatName? Format { get; init; }

        /// <summary>The directory of its file system that is its tree; null: the whole.</summary>
        public string? Root { get; init; }
    }

    /// <summary>Notes what a layer's blocks are. Refused if they were something else before.</summary>
    public sealed record NoteContent(RequestId Request, DeviceKey Key, ContentDigest Content, DateTimeOffset At)
        : PoolCommand<PoolReplies.ContentNoted>(Request, At);

    /// <summary>Makes a layer or a base readable under another key. It is live when the answer comes.</summary>
    /// <param name="Parent">The layer to be read; null: the empty base.</param>
    /// <param name="FileSystem">For a parentless one; null: the pool's default.</param>
    public sealed record CreateView(
        RequestId Request, DeviceKey Key, DeviceKey? Parent, FileSystemKind? FileSystem,
        ImmutableSortedDictionary<string, string> Labels, DateTimeOffset At)
        : PoolCommand<PoolReplies.Created>(Request, At);

    /// <summary>Changes the labels of a device or view.</summary>
    /// <param name="Replace">Labels that are not in <paramref name="Set"/> go.</param>
    /// <param name="Set">Labels to be set.</param>
    /// <param name="Unset">Labels to go; one that is not there: done.</param>
    public sealed record SetLabels(
        RequestId Request, DeviceKey Key, bool Replace, ImmutableSortedDictionary<string, string> Set,
        ImmutableArray<string> Unset, DateTimeOffset At) : PoolCommand<PoolReplies.LabelsSet>(Request, At);

    /// <summary>Turns a container layer that is not mounted into a layer of another key, without copying.</summary>
    public sealed record Commit(
        RequestId Request, DeviceKey Key, DeviceKey NewKey, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolCommand<PoolReplies.Committed>(Request, At)
    {
        /// <summary>How many inodes its file system has in use; null where nobody counted.</summary>
        public ulong? Inodes { get; init; }

        /// <summary>What its blocks are; null if that was not computed.</summary>
        public ContentDigest? Content { get; init; }
    }

    /// <summary>Makes a layer of what a container layer holds at this moment; the container goes on.</summary>
    public sealed record CommitLive(
        RequestId Request, DeviceKey Key, DeviceKey NewKey, ImmutableSortedDictionary<string, string> Labels,
        DateTimeOffset At) : PoolCommand<PoolReplies.Committed>(Request, At)
    {
        /// <summary>The container goes once the layer is there.</summary>
        public bool InPlaceOfIt { get; init; }
    }

    /// <summary>Activates, mounts, unmounts or deactivates.</summary>
    /// <param name="ReadOnly">Only with Active and Mounted.</param>
    public sealed record SetUse(RequestId Request, DeviceKey Key, DeviceUse Use, bool ReadOnly, DateTimeOffset At)
        : PoolCommand<PoolReplies.UseSet>(Request, At)
    {
        /// <summary>With Idle: although somebody still works in it. He keeps it until he is done.</summary>
        public bool Detach { get; init; }
    }

    /// <summary>Makes sure that the kernel has of a device, or of the device that a view shows, what the journal says.
    /// Changes nothing in the journal; brings back what was taken away by hand.</summary>
    public sealed record Confirm(RequestId Request, DeviceKey Key, DateTimeOffset At)
        : PoolCommand<PoolReplies.Confirmed>(Request, At);

    /// <summary>Grows a container layer and its file system.</summary>
    public sealed record Resize(RequestId Request, DeviceKey Key, ByteSize Size, DateTimeOffset At)
        : PoolCommand<PoolReplies.Resized>(Request, At);

    /// <summary>Removes a device or view; its key is free and it is gone for its owner when the answer comes.</summary>
    /// <param name="Force">Also a mounted one.</param>
    public sealed record Remove(RequestId Request, DeviceKey Key, bool Force, DateTimeOffset At)
        : PoolCommand<PoolReplies.Removed>(Request, At);

    /// <summary>Gives a reference to a layer; another image of that reference loses it.</summary>
    /// <param name="Expected">Refused if the reference means something else at this moment; null: whatever it means.
    /// </param>
    public sealed record TagImage(
        RequestId Request, ImageReference Reference, DeviceKey TopLayer, string ConfigDigest, string Config,
        DateTimeOffset At, ImageExpectation? Expected = null) : PoolCommand<PoolReplies.ImageTagged>(Request, At);

    /// <summary>Takes a reference away, and removes the layers that nothing needs any more.</summary>
    /// <param name="ExpectedConfig">Refused if the reference means an image of another configuration at this moment;
    /// null: whatever it means.</param>
    public sealed record UntagImage(
        RequestId Request, ImageReference Reference, DateTimeOffset At, string? ExpectedConfig = null)
        : PoolCommand<PoolReplies.ImageUntagged>(Request, At);

    /// <summary>Gives the pool more: a backing that continues the present one.</summary>
    public sealed record Grow(RequestId Request, PoolBacking Backing, DateTimeOffset At)
        : PoolCommand<PoolReplies.Grown>(Request, At);

    /// <summary>Names the disks that the pool is extended by when it runs low, in place of those named
    /// before.</summary>
    public sealed record SetSpares(RequestId Request, ImmutableArray<DevicePath> Spares, DateTimeOffset At)
        : PoolCommand<PoolReplies.SparesSet>(Request, At);

    /// <summary>Takes over a pool of another program with what it holds. Nothing in it changes.</summary>
    /// <param name="TransactionId">What the pool has: with another it is not the one that was looked at.</param>
    /// <param name="Thins">Every thin id that the pool has.</param>
    /// <param name="Program">Whose it was, for people.</param>
    /// <param name="Directory">Where that program keeps what it knows of the pool.</param>
    public sealed record TakeOver(
        RequestId Request, PoolUuid Uuid, PoolName Name, PoolBacking Backing, PoolBlockSize BlockSize,
        FileSystemKind FileSystem, ByteSize BaseSize, TransactionId TransactionId, ImmutableArray<ThinId> Thins,
        string Program, MountPath Directory, ImmutableArray<DeviceRecord> Devices, ImmutableArray<AdoptedImage> Images,
        DateTimeOffset At) : PoolCommand<PoolReplies.PoolAdopted>(Request, At)
    {
        /// <summary>The logical sectors that its devices have; null where nobody looked.</summary>
        public ByteSize? SectorSize { get; init; }
    }

    /// <summary>Makes a pool that was another program's the agent's for good.</summary>
    public sealed record ConfirmTakeover(RequestId Request, DateTimeOffset At)
        : PoolCommand<PoolReplies.TakeoverConfirmed>(Request, At);

    /// <summary>Deletes a quarantined thin id and its blocks.</summary>
    public sealed record Purge(RequestId Request, ThinId Id, DateTimeOffset At)
        : PoolCommand<PoolReplies.Purged>(Request, At);

    /// <summary>Gives a quarantined thin id an owner again, as a layer.</summary>
    public sealed record Undelete(
        RequestId Request, ThinId Id, DeviceKey Key, ByteSize Size, FileSystemKind FileSystem, DateTimeOffset At)
        : PoolCommand<PoolReplies.Undeleted>(Request, At);

    /// <summary>Takes the pool down and removes its labels or files.</summary>
    /// <param name="Force">Also if it holds layers and containers: they are lost.</param>
    public sealed record Retire(RequestId Request, bool Force, DateTimeOffset At)
        : PoolCommand<PoolReplies.Retired>(Request, At);

    /// <summary>
    /// Compares journal, pool and live devices again, as after a restart, and makes them agree. Also for a pool that is
    /// not open because of what was found. The reply comes when the pool is open, or stays closed.
    /// </summary>
    /// <param name="Accept">The transaction id that the pool has, if the operator says that pool and journal belong
    /// together although the journal expects another.</param>
    public sealed record Repair(RequestId Request, TransactionId? Accept, DateTimeOffset At)
        : PoolCommand<PoolReplies.Repaired>(Request, At);

    /// <summary>Trims the mounted file systems now, without pauses. The reply comes at the end of the round.</summary>
    public sealed record Trim(RequestId Request, DateTimeOffset At) : PoolCommand<PoolReplies.Trimmed>(Request, At);

    /// <summary>
    /// Takes the pool down, makes its metadata usable, and opens it again. Also for a pool that is not open. The reply
    /// comes when it is open, or stays closed.
    /// </summary>
    /// <param name="Source">What new metadata are made from if the present ones are damaged.</param>
    /// <param name="Next">The backing with the new metadata; null if there is no place for other metadata.</param>
    public sealed record MendMetadata(
        RequestId Request, MetadataSource Source, PoolBacking? Next, DateTimeOffset At)
        : PoolCommand<PoolReplies.MetadataMended>(Request, At);

    /// <summary>Gives up the metadata that others have replaced.</summary>
    public sealed record DiscardMetadata(RequestId Request, DateTimeOffset At)
        : PoolCommand<PoolReplies.MetadataDiscarded>(Request, At);

    /// <summary>Makes the pool what it was before it was taken over from another program, and forgets it.</summary>
    public sealed record Return(RequestId Request, DateTimeOffset At) : PoolCommand<PoolReplies.Returned>(Request, At);

    /// <summary>Notes how a backup of the metadata went.</summary>
    public sealed record NoteBackup(RequestId Request, BackupOutcome Outcome, DateTimeOffset At)
        : PoolCommand<PoolReplies.BackupNoted>(Request, At);
}
