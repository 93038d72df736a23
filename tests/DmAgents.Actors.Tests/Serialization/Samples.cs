using System.Collections.Immutable;
using DmAgents.Actors.Hosts;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Serialization;

/// <summary>One object of each kind that the journal takes, with every field set.</summary>
internal static class Samples
{
    internal static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(1));
    internal static readonly PoolUuid Uuid = new(new Guid("11111111-2222-3333-4444-555555555555"));
    internal static readonly PoolName Name = new("fast-1");
    internal static readonly RequestId Request = new(new Guid("66666666-7777-8888-9999-aaaaaaaaaaaa"));
    internal static readonly ThinId Id = new(42);
    internal static readonly DeviceKey Key = DeviceKey.Layer("sha256:0123");
    internal static readonly ImageReference Reference = new("registry.example:5000/team/app:1.2");

    internal static readonly FormatName Format = new("ext4-1");

    internal static readonly ContentDigest Content = ContentDigest.Parse(
        "blake3:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");

    internal static readonly ImmutableSortedDictionary<string, string> Labels =
        ImmutableSortedDictionary<string, string>.Empty.Add("b", "2").Add("a", "wörld \"1\"");

    internal static readonly PoolBacking Disks = new PoolBacking.Disks(
        [
            new DiskPart(new DevicePath("/dev/disk/by-id/x"), new SectorCount(2048), new SectorCount(4096)),
            new DiskPart(new DevicePath("/dev/sdb"), new SectorCount(2048), new SectorCount(8192)),
        ],
        [new DiskPart(new DevicePath("/dev/sdc"), new SectorCount(2048), new SectorCount(1024))]);

    internal static readonly DeviceKey Snapshot = DeviceKey.Containerd("k8s.io", "k8s.io/7/sha256:0123");

    internal static readonly PoolBacking LoopFiles = new PoolBacking.LoopFiles(
        new LoopFilePart(new LoopFile("/var/lib/data.img"), ByteSize.GiB(10)),
        new LoopFilePart(new LoopFile("/var/lib/metadata.img"), ByteSize.MiB(64)));

    private static readonly PoolBacking Existing =
        new PoolBacking.Existing(new MappedName("vg-pool"), OwnedByLvm: true);

    /// <summary>By the golden file's name: the manifest, and a variant where one kind has several shapes.</summary>
    public static IReadOnlyDictionary<string, object> ByFile { get; } = new Dictionary<string, object>
    {
        ["pool-initialized.v1"] = Initialized(Disks) with { SectorSize = ByteSize.KiB(4) },
        ["pool-initialized.v1+loop"] = Initialized(LoopFiles),
        ["pool-initialized.v1+existing"] = Initialized(Existing),
        ["pool-adopted.v1"] = Adopted with
        {
            Takeover = new TakeoverRecord(
                "Docker", new MountPath("/var/lib/docker/devicemapper"), new TransactionId(6),
                [new ThinId(1), new ThinId(2)], TakeoverPhase.Provisional),
            Kept =
            [
                new KeptMetadata(((PoolBacking.Disks)Disks).Metadata, File: null, At),
                new KeptMetadata([], new LoopFilePart(new LoopFile("/state/metadata-1.img"), ByteSize.MiB(4)), At),
            ],
        },
        ["pool-adopted.v1+least"] = Adopted,
        ["device-adopted.v1"] = new PoolEvents.DeviceAdopted(
            new DeviceRecord(
                Id, Key, DeviceKind.Layer, DevicePhase.Ready, new ThinId(7), new ThinId(8), ByteSize.GiB(10),
                FileSystemKind.Xfs, DeviceUse.Active, ReadOnly: true, Labels, At, At.AddHours(1))
            {
                GrowingTo = ByteSize.GiB(20), Inodes = 345, Root = "rootfs", Format = Format,
                CreatedIn = new TransactionId(9),
            },
            At),
        ["device-adopted.v1+least"] = new PoolEvents.DeviceAdopted(
            new DeviceRecord(
                Id, Key, DeviceKind.Layer, DevicePhase.Ready, Parent: null, Source: null, ByteSize.GiB(10),
                FileSystemKind.Ext4, DeviceUse.Idle, ReadOnly: false, ImmutableSortedDictionary<string, string>.Empty,
                At, At),
            At),
        ["base-intended.v1"] = Base with { Format = Format },
        ["base-intended.v1+least"] = Base,
        ["snapshot-intended.v1"] = new PoolEvents.SnapshotIntended(
            Request, Id, DeviceKey.Container("web"), DeviceKind.Container, new ThinId(7), new ThinId(8),
            ByteSize.GiB(10), FileSystemKind.Xfs, DeviceUse.Mounted, ReadOnly: true, Labels, At),
        ["snapshot-intended.v1+least"] = new PoolEvents.SnapshotIntended(
            Request, Id, new DeviceKey("k8s.io", "a/b"), DeviceKind.Container, Parent: null, new ThinId(8),
            ByteSize.MiB(1), FileSystemKind.Ext4, DeviceUse.Idle, ReadOnly: false,
            ImmutableSortedDictionary<string, string>.Empty, At),
        ["reception-intended.v1"] = new PoolEvents.ReceptionIntended(
            Request, Id, DeviceKey.Reception("r-1"), new ThinId(7), new ThinId(8), ByteSize.GiB(10),
            FileSystemKind.Xfs, Format, "rootfs", At),
        ["reception-intended.v1+least"] = new PoolEvents.ReceptionIntended(
            Request, Id, DeviceKey.Reception("r-1"), Parent: null, Source: null, ByteSize.GiB(10),
            FileSystemKind.Ext4, Format: null, Root: null, At),
        ["device-content-noted.v1"] = new PoolEvents.ContentNoted(Request, Id, Content, At),
        ["device-content-noted.v1+least"] = new PoolEvents.ContentNoted(Request: null, Id, Content, At),
        ["device-created.v1"] = new PoolEvents.Created(Id, At),
        ["device-creation-failed.v1"] = new PoolEvents.CreationFailed(Id, "no space", InDoubt: true, At),
        ["device-use-changed.v1"] = new PoolEvents.UseChanged(Request, Id, DeviceUse.Active, ReadOnly: true, At),
        ["device-use-changed.v1+least"] = new PoolEvents.UseChanged(
            Request: null, Id, DeviceUse.Idle, ReadOnly: false, At),
        ["device-resize-intended.v1"] = new PoolEvents.ResizeIntended(Request, Id, ByteSize.GiB(20), At),
        ["device-resized.v1"] = new PoolEvents.Resized(Id, ByteSize.GiB(20), At),
        ["device-committed.v1"] = new PoolEvents.Committed(Request, Id, Key, Labels, At) { Inodes = 1234 },
        ["device-committed.v1+least"] = new PoolEvents.Committed(Request, Id, Key, Labels, At),
        ["device-claimed.v1"] = new PoolEvents.Claimed(Request, Id, Snapshot, Labels, At),
        ["view-added.v1"] = new PoolEvents.ViewAdded(Request, Snapshot, Id, Labels, At),
        ["view-removed.v1"] = new PoolEvents.ViewRemoved(Request, Snapshot, At),
        ["view-removed.v1+least"] = new PoolEvents.ViewRemoved(Request: null, Snapshot, At),
        ["labels-changed.v1"] = new PoolEvents.LabelsChanged(Request, Snapshot, Labels, At),
        ["device-removal-intended.v1"] = new PoolEvents.RemovalIntended(Request, Id, At),
        ["device-removal-intended.v1+least"] = new PoolEvents.RemovalIntended(Request: null, Id, At),
        ["device-removed.v1"] = new PoolEvents.Removed(Id, At),
        ["device-lost.v1"] = new PoolEvents.Lost(Id, At),
        ["thin-id-quarantined.v1"] = new PoolEvents.Quarantined(Id, "nobody knows it", At) { Hint = Hint },
        ["thin-id-quarantined.v1+least"] = new PoolEvents.Quarantined(Id, "nobody knows it", At),
        ["thin-id-purge-intended.v1"] = new PoolEvents.PurgeIntended(Request, Id, At),
        ["thin-id-purged.v1"] = new PoolEvents.Purged(Id, At),
        ["thin-id-undeleted.v1"] = new PoolEvents.Undeleted(
            Request, Id, Key, ByteSize.GiB(10), FileSystemKind.Ext4, At),
        ["image-tagged.v1"] = new PoolEvents.ImageTagged(Request, Reference, Id, "sha256:c0", "{\"os\":\"linux\"}", At),
        ["image-untagged.v1"] = new PoolEvents.ImageUntagged(Request, Reference, At),
        ["request-withdrawn.v1"] = new PoolEvents.RequestWithdrawn(Request, At),
        ["pool-condition-changed.v1"] = Low,
        ["pool-trimmed.v1"] = Trimmed,
        ["pool-trimmed.v1+least"] = Trimmed with { Unmapped = null },
        ["pool-spares-changed.v1"] = new PoolEvents.SparesChanged(
            Request, [new DevicePath("/dev/disk/by-id/x"), new DevicePath("/dev/sdd")], At),
        ["pool-backing-changed.v1"] = new PoolEvents.BackingChanged(Request, Disks, At),
        ["pool-backing-changed.v1+least"] = new PoolEvents.BackingChanged(Request: null, LoopFiles, At),
        ["device-found.v1"] = new PoolEvents.Found(Id, At),
        ["pool-check-cleared.v1"] = new PoolEvents.CheckCleared(Request, At),
        ["pool-metadata-replaced.v1"] = Replaced,
        ["pool-metadata-replaced.v1+least"] = new PoolEvents.MetadataReplaced(
            Request, LoopFiles, new TransactionId(5), Backup: null, At),
        ["pool-kept-metadata-discarded.v1"] = new PoolEvents.KeptMetadataDiscarded(Request, At),
        ["pool-backed-up.v1"] = new PoolEvents.BackedUp(
            "20260102T030405Z", new TransactionId(7), 3, ByteSize.KiB(2), TimeSpan.FromMilliseconds(1234), At),
        ["pool-backup-failed.v1"] = new PoolEvents.BackupFailed("no space", At),
        ["pool-backup-proved.v1"] = Proved,
        ["pool-backup-not-proved.v1"] = new PoolEvents.BackupNotProved(
            "20260102T030405Z", "exit status 64: block out of bounds", TimeSpan.FromMilliseconds(56), At),
        ["pool-taken-over.v1"] = TakenOver,
        ["pool-takeover-confirmed.v1"] = new PoolEvents.TakeoverConfirmed(Request, At),
        ["pool-return-intended.v1"] = new PoolEvents.ReturnIntended(Request, At),
        ["pool-returned.v1"] = new PoolEvents.Returned(At),
        ["pool-checkpoint-intended.v1"] = new PoolEvents.CheckpointIntended(
            new TransactionId(6), new TransactionId(7), At),
        ["pool-checkpoint-reached.v1"] = new PoolEvents.CheckpointReached(new TransactionId(7), At),
        ["host-pool-registered.v1"] = new HostEvents.PoolRegistered(Name, Uuid, At),
        ["host-pool-forgotten.v1"] = new HostEvents.PoolForgotten(Name, Uuid, "it was removed", At),
        ["host-journal-erased.v1"] = new HostEvents.JournalErased(Uuid, At),
        ["host-state.v1"] = new HostState(
            [new KnownPool(Name, Uuid)], [new PoolUuid(new Guid("bbbbbbbb-7777-8888-9999-aaaaaaaaaaaa"))]),
        ["pool-state.v1"] = State(),
        ["pool-state.v1+low"] = State().Apply(Low) with { Spares = [new DevicePath("/dev/sdd")] },
        ["pool-state.v1+trimmed"] = State().Apply(Trimmed).Apply(
            new PoolEvents.Quarantined(new ThinId(10), "nobody knows it", At) { Hint = Hint }),
        ["pool-state.v1+mended"] = State().Apply(Replaced).Apply(new PoolEvents.BackupFailed("no space", At)),
        ["pool-state.v1+proved"] = State().Apply(Proved),
        ["pool-state.v1+taken-over"] = State().Apply(TakenOver),
        ["pool-state.v1+formatted"] = PoolState.Empty
            .Apply(Initialized(Disks) with { SectorSize = ByteSize.KiB(4) }).Apply(Base with { Format = Format }),
        ["pool-state.v1+contents"] = PoolState.Empty
            .Apply(new PoolEvents.ContentNoted(Request: null, Id, Content, At)),
        ["pool-state.v1+named"] = PoolState.Empty with
        {
            NamedBy = ImmutableDictionary<ImageReference, RequestId>.Empty.Add(Reference, Request),
        },
        ["pool-state.v1+empty"] = PoolState.Empty,
    };

    private static PoolEvents.Adopted Adopted => new(
        Request,
        new PoolIdentity(Uuid, Name, Disks, PoolBlockSize.Default, FileSystemKind.Xfs, ByteSize.GiB(10), At), At);

    private static PoolEvents.BackupProved Proved =>
        new("20260102T030405Z", TimeSpan.FromMilliseconds(1234), At);

    private static DeviceHint Hint =>
        new(DeviceKey.Container("web"), DeviceKey.Layer("sha256:0123"), ByteSize.GiB(20), FileSystemKind.Xfs);

    private static PoolEvents.Trimmed Trimmed => new(3, ByteSize.GiB(30), ByteSize.MiB(64), At)
    {
        Unmapped = ByteSize.MiB(128),
    };

    private static PoolEvents.MetadataReplaced Replaced => new(
        Request, ((PoolBacking.Disks)Disks) with
        {
            Metadata = [new DiskPart(new DevicePath("/dev/sdd"), new SectorCount(2048), new SectorCount(1024))],
        },
        new TransactionId(5), "20260102T030405Z", At);

    private static PoolEvents.TakenOver TakenOver => new(
        "Docker", new MountPath("/var/lib/docker/devicemapper"), new TransactionId(7),
        [new ThinId(1), new ThinId(2), new ThinId(9)], At);

    private static PoolEvents.BaseIntended Base => new(
        Id, new DeviceKey(DeviceKey.BaseSpace, "ext4-10G"), FileSystemKind.Ext4, ByteSize.GiB(10), At);

    private static PoolEvents.ConditionChanged Low => new(
        PoolCondition.Writable, PoolCondition.LowData, "1 GiB of 10 GiB data free, below the mark", At);

    private static PoolEvents.Initialized Initialized(PoolBacking backing) => new(
        Uuid, Name, backing, new PoolBlockSize(ByteSize.KiB(128)), FileSystemKind.Xfs, ByteSize.GiB(10), At);

    private static PoolState State()
    {
        PoolEvent[] history =
        [
            Initialized(Disks),
            new PoolEvents.CheckpointReached(new TransactionId(7), At),
            new PoolEvents.BaseIntended(
                new ThinId(1), new DeviceKey(DeviceKey.BaseSpace, "xfs"), FileSystemKind.Xfs, ByteSize.GiB(10), At),
            new PoolEvents.Created(new ThinId(1), At),
            new PoolEvents.SnapshotIntended(
                Request, new ThinId(2), Key, DeviceKind.Layer, new ThinId(1), new ThinId(1), ByteSize.GiB(10),
                FileSystemKind.Xfs, DeviceUse.Idle, ReadOnly: false, Labels, At),
            new PoolEvents.Created(new ThinId(2), At),
            new PoolEvents.ImageTagged(
                new RequestId(new Guid("00000000-0000-0000-0000-000000000001")), Reference, new ThinId(2), "sha256:c0",
                "{}", At),
            new PoolEvents.SnapshotIntended(
                new RequestId(new Guid("00000000-0000-0000-0000-000000000002")), new ThinId(3),
                DeviceKey.Container("web"), DeviceKind.Container, new ThinId(2), new ThinId(2), ByteSize.GiB(10),
                FileSystemKind.Xfs, DeviceUse.Mounted, ReadOnly: false,
                ImmutableSortedDictionary<string, string>.Empty, At),
            new PoolEvents.Created(new ThinId(3), At),
            new PoolEvents.ResizeIntended(
                new RequestId(new Guid("00000000-0000-0000-0000-000000000003")), new ThinId(3), ByteSize.GiB(20), At),
            new PoolEvents.ViewAdded(
                new RequestId(new Guid("00000000-0000-0000-0000-000000000005")), Snapshot, new ThinId(2), Labels, At),
            new PoolEvents.Quarantined(new ThinId(9), "nobody knows it", At),
            new PoolEvents.PurgeIntended(
                new RequestId(new Guid("00000000-0000-0000-0000-000000000004")), new ThinId(9), At),
            new PoolEvents.CheckpointIntended(new TransactionId(7), new TransactionId(8), At),
        ];
        // As it was stored before it was kept which request named an image.
        return history.Aggregate(PoolState.Empty, (state, happened) => state.Apply(happened)) with
        {
            NamedBy = ImmutableDictionary<ImageReference, RequestId>.Empty,
        };
    }
}
