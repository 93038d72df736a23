using System.Collections.Immutable;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Units;
using static DmAgents.Actors.Tests.Serialization.Samples;

namespace DmAgents.Actors.Tests.Serialization;

/// <summary>One message of each kind, with every field set. By manifest, and a variant if one kind has several
/// shapes.</summary>
internal static class WireSamples
{
    private static readonly DeviceRecord Device = new(
        Id, Key, DeviceKind.Layer, DevicePhase.Ready, new ThinId(7), new ThinId(8), ByteSize.GiB(10),
        FileSystemKind.Xfs, DeviceUse.Active, ReadOnly: true, Labels, At, At.AddHours(1))
    {
        GrowingTo = ByteSize.GiB(20), Inodes = 345, Root = "rootfs", CreatedIn = new TransactionId(9), Format = Format,
    };

    private static readonly PoolIdentity Identity = new(
        Uuid, Name, Disks, PoolBlockSize.Default, FileSystemKind.Ext4, ByteSize.GiB(10), At);

    private static readonly AdoptionPlan Plan = new(
        [
            new AdoptionClaim(Id, Key, DeviceKind.Layer, new ThinId(7), ByteSize.GiB(10), FileSystemKind.Ext4, At)
            {
                Phase = DevicePhase.Creating, Source = new ThinId(8), Use = DeviceUse.Active, ReadOnly = true,
                Labels = Labels, GrowingTo = ByteSize.GiB(20), Inodes = 345, Root = "rootfs",
                Format = Format,
            },
        ],
        [new ImageClaim(Reference, Id, "sha256:c0", "{}", At)], [new ViewClaim(Snapshot, Id, Labels, At)],
        ImmutableSortedDictionary<ThinId, string>.Empty.Add(new ThinId(5), "nobody claimed it"),
        [new AdoptionFinding(AdoptionDifference.NoImage, "layer/a", "nobody claims it")]);

    private static readonly BackupName Backup = new(At);

    private static readonly Refusal Refusal = new(
        RefusalKind.WrongState, "cannot remove", "web", "it is mounted", "unmount it");

    public static IReadOnlyDictionary<string, object> All { get; } = Commands().Concat(Replies()).Concat(Others())
        .ToDictionary();

    private static Dictionary<string, object> Commands() => new()
    {
        ["initialize.v1"] = new PoolCommands.Initialize(
            Request, Uuid, Name, Disks, PoolBlockSize.Default, FileSystemKind.Xfs, ByteSize.GiB(10), At)
        {
            SectorSize = new ByteSize(4096),
        },
        ["initialize.v1+loop"] = new PoolCommands.Initialize(
            Request, Uuid, Name, LoopFiles, PoolBlockSize.Default, FileSystemKind.Ext4, ByteSize.GiB(10), At),
        ["adopt.v1"] = new PoolCommands.Adopt(
            Request, Identity, Plan, new TransactionId(6), [new DevicePath("/dev/sdd")], At)
        {
            Takeover = new TakeoverRecord(
                "Docker", new MountPath("/var/lib/docker/devicemapper"), new TransactionId(6), [new ThinId(1)],
                TakeoverPhase.Provisional),
            Kept = [new KeptMetadata(((PoolBacking.Disks)Disks).Metadata, File: null, At)],
        },
        ["create-snapshot.v1"] = new PoolCommands.CreateSnapshot(
            Request, DeviceKey.Container("web"), Key, ByteSize.GiB(20), FileSystemKind.Ext4, DeviceUse.Mounted, Labels,
            At),
        ["create-snapshot.v1+least"] = new PoolCommands.CreateSnapshot(
            Request, Snapshot, Parent: null, Size: null, FileSystem: null, DeviceUse.Active, Labels.Clear(), At),
        ["create-view.v1"] = new PoolCommands.CreateView(Request, Snapshot, Key, FileSystemKind.Xfs, Labels, At),
        ["receive.v1"] = new PoolCommands.Receive(
            Request, DeviceKey.Reception("r-1"), Key, Snapshot, ByteSize.GiB(20), FileSystemKind.Xfs, At)
        {
            Format = Format, Root = "rootfs",
        },
        ["receive.v1+least"] = new PoolCommands.Receive(
            Request, DeviceKey.Reception("r-1"), Parent: null, Source: null, ByteSize.GiB(20), FileSystemKind.Ext4, At),
        ["note-content.v1"] = new PoolCommands.NoteContent(Request, Key, Content, At),
        ["set-labels.v1"] = new PoolCommands.SetLabels(Request, Key, Replace: true, Labels, ["c"], At),
        ["commit.v1"] = new PoolCommands.Commit(Request, DeviceKey.Container("web"), Key, Labels, At)
        {
            Inodes = 12, Content = Content,
        },
        ["commit.v1+least"] = new PoolCommands.Commit(Request, DeviceKey.Container("web"), Key, Labels, At),
        ["commit-live.v1"] = new PoolCommands.CommitLive(Request, DeviceKey.Container("web"), Key, Labels, At)
        {
            InPlaceOfIt = true,
        },
        ["set-use.v1"] = new PoolCommands.SetUse(Request, Key, DeviceUse.Idle, ReadOnly: false, At) { Detach = true },
        ["confirm.v1"] = new PoolCommands.Confirm(Request, Key, At),
        ["resize.v1"] = new PoolCommands.Resize(Request, Key, ByteSize.GiB(20), At),
        ["remove.v1"] = new PoolCommands.Remove(Request, Key, Force: true, At),
        ["tag-image.v1"] = new PoolCommands.TagImage(
            Request, Reference, Key, "sha256:c0", "{}", At, new Domain.Images.ImageExpectation("sha256:c1")),
        ["untag-image.v1"] = new PoolCommands.UntagImage(Request, Reference, At, "sha256:c1"),
        ["grow.v1"] = new PoolCommands.Grow(Request, Disks, At),
        ["set-spares.v1"] = new PoolCommands.SetSpares(Request, [new DevicePath("/dev/sdd")], At),
        ["take-over.v1"] = new PoolCommands.TakeOver(
            Request, Uuid, Name, LoopFiles, PoolBlockSize.Default, FileSystemKind.Ext4, ByteSize.GiB(10),
            new TransactionId(6), [Id], "Docker", new MountPath("/var/lib/docker/devicemapper"), [Device],
            [new AdoptedImage(Reference, Id, "sha256:c0", "{}")], At)
        {
            SectorSize = new ByteSize(512),
        },
        ["confirm-takeover.v1"] = new PoolCommands.ConfirmTakeover(Request, At),
        ["purge.v1"] = new PoolCommands.Purge(Request, Id, At),
        ["undelete.v1"] = new PoolCommands.Undelete(Request, Id, Key, ByteSize.GiB(10), FileSystemKind.Ext4, At),
        ["retire.v1"] = new PoolCommands.Retire(Request, Force: true, At),
        ["repair.v1"] = new PoolCommands.Repair(Request, new TransactionId(6), At),
        ["repair.v1+least"] = new PoolCommands.Repair(Request, Accept: null, At),
        ["trim.v1"] = new PoolCommands.Trim(Request, At),
        ["mend-metadata.v1"] = new PoolCommands.RepairMetadata(Request, new MetadataSource.Backup(Backup), Disks, At),
        ["mend-metadata.v1+least"] = new PoolCommands.RepairMetadata(
            Request, new MetadataSource.Present(), Next: null, At),
        ["discard-metadata.v1"] = new PoolCommands.DiscardMetadata(Request, At),
        ["return.v1"] = new PoolCommands.Return(Request, At),
        ["note-backup.v1"] = new PoolCommands.NoteBackup(
            Request,
            new BackupOutcome.Made(Backup, new TransactionId(6), Thins: 2, ByteSize.KiB(3), TimeSpan.FromSeconds(4)),
            At),
        ["note-backup.v1+failed"] = new PoolCommands.NoteBackup(Request, new BackupOutcome.Failed("no space"), At),
        ["note-backup.v1+proved"] = new PoolCommands.NoteBackup(
            Request, new BackupOutcome.Proved(Backup, TimeSpan.FromSeconds(4)), At),
        ["note-backup.v1+not-proved"] = new PoolCommands.NoteBackup(
            Request, new BackupOutcome.NotProved(Backup, "out of bounds", TimeSpan.FromSeconds(4)), At),
    };

    private static Dictionary<string, object> Replies() => new()
    {
        ["reply-pool-created.v1"] = new PoolReplies.PoolCreated(Request, AlreadySo: true),
        ["reply-pool-adopted.v1"] = new PoolReplies.PoolAdopted(Request, AlreadySo: false),
        ["reply-takeover-confirmed.v1"] = new PoolReplies.TakeoverConfirmed(Request, AlreadySo: false),
        ["reply-created.v1"] = new PoolReplies.Created(Request, Device, AlreadySo: false),
        ["reply-created.v1+gone"] = new PoolReplies.Created(Request, Device: null, AlreadySo: true),
        ["reply-content-noted.v1"] = new PoolReplies.ContentNoted(Request, AlreadySo: false),
        ["reply-labels-set.v1"] = new PoolReplies.LabelsSet(Request, AlreadySo: false),
        ["reply-committed.v1"] = new PoolReplies.Committed(Request, Device, AlreadySo: false),
        ["reply-use-set.v1"] = new PoolReplies.UseSet(Request, Device, AlreadySo: false),
        ["reply-confirmed.v1"] = new PoolReplies.Confirmed(Request, Device, AlreadySo: false),
        ["reply-resized.v1"] = new PoolReplies.Resized(Request, Device, AlreadySo: false),
        ["reply-removed.v1"] = new PoolReplies.Removed(Request, Device, AlreadySo: false),
        ["reply-image-tagged.v1"] = new PoolReplies.ImageTagged(Request, [Device], AlreadySo: false),
        ["reply-image-untagged.v1"] = new PoolReplies.ImageUntagged(Request, [Device], AlreadySo: false),
        ["reply-grown.v1"] = new PoolReplies.Grown(Request, AlreadySo: false),
        ["reply-spares-set.v1"] = new PoolReplies.SparesSet(Request, AlreadySo: false),
        ["reply-purged.v1"] = new PoolReplies.Purged(Request, AlreadySo: false),
        ["reply-undeleted.v1"] = new PoolReplies.Undeleted(Request, Device, AlreadySo: false),
        ["reply-retired.v1"] = new PoolReplies.Retired(Request, AlreadySo: false),
        ["reply-repaired.v1"] = new PoolReplies.Repaired(Request, AlreadySo: false),
        ["reply-trimmed.v1"] = new PoolReplies.Trimmed(
            Request, [new TrimmedDevice(Key, ByteSize.GiB(2), ByteSize.MiB(512), ByteSize.GiB(1))], AlreadySo: false),
        ["reply-metadata-mended.v1"] = new PoolReplies.MetadataRepaired(Request, AlreadySo: false),
        ["reply-metadata-discarded.v1"] = new PoolReplies.MetadataDiscarded(Request, AlreadySo: false),
        ["reply-returned.v1"] = new PoolReplies.Returned(Request, AlreadySo: false),
        ["reply-backup-noted.v1"] = new PoolReplies.BackupNoted(Request, AlreadySo: false),
        ["reply-refused.v1"] = new PoolReplies.Refused(Request, Refusal),
    };

    private static Dictionary<string, object> Others() => new()
    {
        ["pool-notices.v1"] = new PoolNotices(Name, Uuid,
        [
            new PoolNotice(7, new PoolEvents.Resized(Id, ByteSize.GiB(20), At), Device),
            new PoolNotice(8, new PoolEvents.Removed(Id, At), Device: null) { Program = "Docker", Kept = "/dev/sdb" },
        ]),
        ["pool-phase-notice.v1"] = new PoolPhaseNotice(Name, Uuid, PoolPhase.Unavailable, "a disk is missing", At),
        ["host-to-pool.v1"] = new HostMessages.ToPool(Name, new PoolCommands.Purge(Request, Id, At)),
        ["host-await-ready.v1"] = HostMessages.AwaitReady.Instance,
        ["host-ready.v1"] = new HostMessages.Ready([Name]),
        ["host-stop.v1"] = HostMessages.Stop.Instance,
        ["host-stopped.v1"] = new HostMessages.Stopped(),
    };
}
