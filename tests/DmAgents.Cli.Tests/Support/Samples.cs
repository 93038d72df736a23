using DmAgents.Api.Admin.V1;
using Google.Protobuf.WellKnownTypes;

namespace DmAgents.Cli.Tests.Support;

internal static class Samples
{
    public const ulong MiB = 1 << 20;
    public const ulong GiB = 1 << 30;
    public const string LowerLayer = "sha256:aaaaaaaaaaaa1111111111111111111111111111111111111111111111111111";
    public const string UpperLayer = "sha256:bbbbbbbbbbbb2222222222222222222222222222222222222222222222222222";

    /// <summary>Long ago enough that no run takes it to four minutes.</summary>
    public static Timestamp ThreeMinutesAgo =>
        Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(185));

    public static Timestamp Fixed =>
        Timestamp.FromDateTimeOffset(new DateTimeOffset(2026, 5, 1, 12, 30, 0, TimeSpan.Zero));

    public static Space Space(ulong used, ulong total) =>
        new() { UsedBytes = used, TotalBytes = total, FreeBytes = total - used };

    public static PoolDetails LoopPool() => new()
    {
        Name = "try",
        Uuid = "b0d3",
        Kind = PoolKind.Loop,
        State = PoolState.LowData,
        StateSince = ThreeMinutesAgo,
        StateCause = "less than a tenth is free",
        Data = Space(19 * GiB, 20 * GiB),
        Metadata = Space(8 * MiB, 64 * MiB),
        BlockSizeBytes = 64 << 10,
        SectorSizeBytes = 512,
        ProvisionedBytes = 50 * GiB,
        TransactionId = 7,
        JournalTransactionId = 7,
        HeldMetadataRoot = 33,
        DiscardMode = DiscardMode.Passdown,
        WhenFull = WhenFull.Error,
        DataLowWatermarkBytes = 2 * GiB,
        MetadataLowWatermarkBytes = 4 * MiB,
        ZeroesNewBlocks = true,
        LastTrim = new TrimRound { EndedAt = ThreeMinutesAgo, FileSystems = 2, GivenBackBytes = 3 * GiB },
        Trimming = true,
        DefaultFileSystem = FileSystem.Ext4,
        Bases =
        {
            new BaseDevice
            {
                ThinId = 0, FileSystem = FileSystem.Ext4, SizeBytes = 10 * GiB,
            },
        },
        DataMinFreeBytes = 2 * GiB,
        MetadataMinFreeBytes = 6 * MiB,
        DeferredRemoval = true,
        DeferredDeletion = true,
        PendingRemovals =
        {
            new PendingRemoval
            {
                ThinId = 9, Key = "old", Since = ThreeMinutesAgo, Attempts = 4, Holder = "held by pid 811",
                LeftBytes = 2 * GiB,
            },
        },
        QuarantinedThinIds = { 11, 12 },
        Layers = 3,
        Containers = 2,
        Views = 1,
        Stock = 4,
        ContainerdNamespaces = { new ContainerdNamespace { Name = "k8s.io", Snapshots = 12 } },
        ActiveDevices = 2,
        MountedDevices = 1,
        Backing =
        {
            new BackingStore
            {
                Role = BackingStore.Types.Role.Data, Path = "/try.data", SizeBytes = 20 * GiB,
                LoopDevice = "/dev/loop3", AllocatedBytes = 18 * GiB, HostFreeBytes = 5 * GiB,
            },
        },
        DmName = "dmagents-try",
        DmUuid = "DMAGENTS-b0d3-pool",
        DmDevice = "253:4",
        MetadataDirectory = "/var/lib/dmagents/try/metadata",
        MountDirectory = "/var/lib/dmagents/mnt",
        CreatedAt = ThreeMinutesAgo,
    };

    public static ImageDetails Image() => new()
    {
        Reference = "debian:12",
        References = { "debian:12", "debian:stable" },
        Id = "sha256:cccccccccccc3333333333333333333333333333333333333333333333333333",
        Pool = "fast",
        CreatedAt = Fixed,
        ImportedAt = Fixed,
        Config = new ImageConfig
        {
            Architecture = "amd64", Os = "linux", Command = { "/bin/sh" }, Environment = { "PATH=/bin" },
            Labels = { ["b"] = "2", ["a"] = "1" },
        },
        Layers =
        {
            new ImageLayer
            {
                ChainId = LowerLayer, DiffId = LowerLayer, ThinId = 1, SizeBytes = 10 * GiB, MappedBytes = 100 * MiB,
                ExclusiveBytes = 3 * MiB, CreatedBy = "debootstrap",
            },
            new ImageLayer
            {
                ChainId = UpperLayer, DiffId = UpperLayer, ThinId = 2, SizeBytes = 10 * GiB, MappedBytes = 120 * MiB,
            },
        },
        MappedBytes = 120 * MiB,
        Containers = { "web" },
    };

    public static Container Web() => new()
    {
        Name = "web",
        Pool = "fast",
        Image = "debian:12",
        Parent = UpperLayer,
        ThinId = 3,
        State = DeviceState.Mounted,
        SizeBytes = 10 * GiB,
        MappedBytes = 122 * MiB,
        ExclusiveBytes = 2 * MiB,
        SharedBytes = 120 * MiB,
        FileSystem = FileSystem.Ext4,
        MountPath = "/var/lib/dmagents/mnt/web",
        DevicePath = "/dev/mapper/dmagents-fast-3",
        DmName = "dmagents-fast-3",
        Labels = { ["tier"] = "1" },
        CreatedAt = Fixed,
        Kind = DeviceKind.Container,
    };

    /// <summary>A snapshot of containerd's, as the agent shows it among the containers.</summary>
    public static Container OfContainerd()
    {
        var snapshot = Web();
        snapshot.Name = "containerd.default/default/7/web";
        snapshot.ContainerdNamespace = "default";
        snapshot.State = DeviceState.Active;
        snapshot.Image = "";
        snapshot.MountPath = "";
        return snapshot;
    }

    public static LayerTreeReply Tree() => new()
    {
        Nodes =
        {
            new Layer
            {
                Pool = "fast", Key = "base-ext4", Kind = DeviceKind.Base, ThinId = 0, SizeBytes = 10 * GiB,
                MappedBytes = MiB, ExclusiveBytes = 0, State = DeviceState.Idle, FileSystem = FileSystem.Ext4,
            },
            new Layer
            {
                Pool = "fast", Key = LowerLayer, Kind = DeviceKind.Layer, Parent = "base-ext4", ThinId = 1,
                MappedBytes = 100 * MiB, ExclusiveBytes = 3 * MiB, State = DeviceState.Idle,
            },
            new Layer
            {
                Pool = "fast", Key = UpperLayer, Kind = DeviceKind.Layer, Parent = LowerLayer, ThinId = 2,
                MappedBytes = 120 * MiB, State = DeviceState.Idle, References = { "debian:12" },
            },
            new Layer
            {
                Pool = "fast", Key = "web", Kind = DeviceKind.Container, Parent = UpperLayer, ThinId = 3,
                MappedBytes = 122 * MiB, ExclusiveBytes = 2 * MiB, State = DeviceState.Mounted, MountPath = "/mnt/web",
            },
            new Layer
            {
                Pool = "fast", Key = "db[1]", Kind = DeviceKind.Container, Parent = UpperLayer, ThinId = 4,
                MappedBytes = 120 * MiB, ExclusiveBytes = 0, State = DeviceState.Suspended,
            },
            new Layer
            {
                Pool = "fast", Key = "orphan", Kind = DeviceKind.View, Parent = "gone", ThinId = 5,
                MappedBytes = MiB, State = DeviceState.Lost,
            },
        },
    };
}
