using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Planning;

public sealed class BackingPlannerTests
{
    private static readonly PoolName Name = new("test-pool");
    private static readonly PoolPaths Paths = new("/state", Name);

    private readonly SimulatedKernel _kernel = new();

    [Fact]
    public void Whole_disks_are_joined_behind_their_labels()
    {
        var (a, b, meta) = (Disk("a", ByteSize.GiB(1)), Disk("b", ByteSize.GiB(2)), Disk("m", ByteSize.MiB(65)));

        var plan = Planned(new BackingRequest.Direct([a, b], meta));

        Assert.Equal(
            new PoolBacking.Disks(
                [
                    new DiskPart(a, DiskLabel.Reserved, ByteSize.MiB(1023).Sectors),
                    new DiskPart(b, DiskLabel.Reserved, ByteSize.MiB(2047).Sectors),
                ],
                [new DiskPart(meta, DiskLabel.Reserved, ByteSize.MiB(64).Sectors)]),
            plan.Backing);
        Assert.Equal(ByteSize.MiB(3070), plan.DataSize);
        Assert.Empty(plan.Warnings);
        Opens(plan);
    }

    [Fact]
    public void One_disk_is_split_into_label_metadata_and_data()
    {
        var disk = Disk("a", ByteSize.GiB(10));

        var plan = Planned(new BackingRequest.SingleDisk(disk, MetadataSize: null));

        var disks = Assert.IsType<PoolBacking.Disks>(plan.Backing);
        var (metadata, data) = (Assert.Single(disks.Metadata), Assert.Single(disks.Data));
        Assert.Equal(DiskLabel.Reserved, metadata.Start);
        Assert.Equal(MetadataSize.For(ByteSize.GiB(10), PoolBlockSize.Default), metadata.Length.Bytes);
        Assert.Equal(metadata.Start + metadata.Length, data.Start);
        Assert.True((data.Start + data.Length).Bytes <= ByteSize.GiB(10));
        Assert.Equal(0UL, data.Length.Bytes.Bytes % PoolBlockSize.Default.Bytes.Bytes);
        Opens(plan);
    }

    [Fact]
    public void A_small_disk_gets_small_metadata()
    {
        var plan = Planned(new BackingRequest.SingleDisk(Disk("a", ByteSize.MiB(21)), MetadataSize: null));

        Assert.Equal(ByteSize.MiB(16), plan.DataSize);
        Opens(plan);
        Assert.Equal(RefusalKind.Invalid, Refused(
            new BackingRequest.SingleDisk(Disk("b", ByteSize.MiB(20)), MetadataSize: null)).Kind);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(192)]
    [InlineData(1024 * 1024)]
    public void Data_are_whole_blocks_whatever_the_block_size(int kib)
    {
        var blockSize = new PoolBlockSize(ByteSize.KiB((ulong)kib));
        var plan = Assert.IsType<BackingPlan.Planned>(new BackingPlanner(_kernel).Plan(
            Paths, new BackingRequest.SingleDisk(Disk("a", ByteSize.GiB(17)), null), blockSize, force: false));

        Assert.Equal(0UL, plan.DataSize.Bytes % blockSize.Bytes.Bytes);
        Opens(plan);
    }

    [Fact]
    public void A_disk_is_named_once()
    {
        var (a, meta) = (Disk("a", ByteSize.GiB(1)), Disk("m", ByteSize.MiB(65)));

        Assert.Contains("twice", Refused(new BackingRequest.Direct([a, a], meta)).Why, StringComparison.Ordinal);
        Assert.Contains("twice", Refused(new BackingRequest.Direct([a], a)).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_is_missing_read_only_in_use_or_none_at_all_is_refused_also_by_force()
    {
        var inUse = Disk("used", ByteSize.GiB(1));
        var readOnly = Disk("ro", ByteSize.GiB(1));
        _kernel.WriteProtect(readOnly);
        Assert.True(_kernel.OpenLinear(new LinearTable(
            new MappedName("test-other"), new MappedUuid("test-other"),
                [new(inUse, default, new SectorCount(8))])).Succeeded);
        Assert.True(_kernel.EnsureDirectory(new MountPath("/dev/directory")).Succeeded);

        foreach (var (disk, kind) in new[]
        {
            (inUse, RefusalKind.Busy), (readOnly, RefusalKind.WrongState),
            (new DevicePath("/dev/missing"), RefusalKind.NotFound),
            (new DevicePath("/dev/directory"), RefusalKind.Invalid),
            (Disk("tiny", ByteSize.KiB(4)), RefusalKind.Invalid),
        })
        {
            var refusal = Refused(new BackingRequest.SingleDisk(disk, null), force: true);
            Assert.Equal(kind, refusal.Kind);
            Assert.Equal(disk.Value, refusal.Subject);
        }
    }

    [Fact]
    public void What_is_on_a_disk_is_named_before_force_takes_it()
    {
        var disk = _kernel.AddDisk("/dev/test-a", ByteSize.GiB(1), signature: "xfs file system");

        var refusal = Refused(new BackingRequest.SingleDisk(disk, null));

        Assert.Contains("xfs file system", refusal.Why, StringComparison.Ordinal);
        Assert.Contains("--force", refusal.Next, StringComparison.Ordinal);
        Opens(Planned(new BackingRequest.SingleDisk(disk, null), force: true));
    }

    [Fact]
    public void Another_pools_disk_names_its_pool_before_force_takes_it()
    {
        var disk = Disk("a", ByteSize.GiB(1));
        var label = new DiskLabel(new PoolUuid(Guid.NewGuid()), new PoolName("test-other"), Guid.NewGuid());
        Assert.True(_kernel.Write(disk, ByteSize.Zero, label.ToBytes()).Succeeded);

        var refusal = Refused(new BackingRequest.SingleDisk(disk, null));

        Assert.Contains("test-other", refusal.Why, StringComparison.Ordinal);
        Assert.Contains("--force", refusal.Next, StringComparison.Ordinal);
        Planned(new BackingRequest.SingleDisk(disk, null), force: true);
    }

    [Fact]
    public void Metadata_that_would_be_full_before_the_data_are_refused_and_sparing_ones_warned_of()
    {
        var data = Disk("a", ByteSize.GiB(100));

        Assert.Equal("/dev/test-m1", Refused(new BackingRequest.Direct([data], Disk("m1", ByteSize.MiB(40)))).Subject);
        Assert.Single(Planned(new BackingRequest.Direct([data], Disk("m2", ByteSize.MiB(100)))).Warnings);
        Assert.Empty(Planned(new BackingRequest.Direct([data], Disk("m3", ByteSize.MiB(401)))).Warnings);
    }

    [Fact]
    public void Of_large_metadata_the_kernels_most_is_taken()
    {
        var plan = Planned(new BackingRequest.Direct([Disk("a", ByteSize.GiB(100))], Disk("m", ByteSize.GiB(20))));

        Assert.Equal(MetadataSize.Most, ((PoolBacking.Disks)plan.Backing).Metadata[0].Length.Bytes);
    }

    [Fact]
    public void Loop_files_are_in_the_pools_own_place_or_where_they_are_wanted()
    {
        var own = (PoolBacking.LoopFiles)Planned(new BackingRequest.Loop(null, ByteSize.GiB(1), null)).Backing;
        var elsewhere = Planned(new BackingRequest.Loop(new MountPath("/big"), ByteSize.GiB(1), ByteSize.MiB(32)));

        Assert.Equal(Paths.DataFile, own.Data.File);
        Assert.Equal(
            new PoolBacking.LoopFiles(
                new LoopFilePart(new LoopFile("/big/test-pool-data.img"), ByteSize.GiB(1)),
                new LoopFilePart(new LoopFile("/big/test-pool-metadata.img"), ByteSize.MiB(32))),
            elsewhere.Backing);
        Opens(elsewhere);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(15, null)]
    [InlineData(1024, 8UL)]
    [InlineData(1024, 0UL)]
    public void Loop_files_of_no_use_are_refused(int data, ulong? metadata) => Assert.Equal(
        RefusalKind.Invalid,
        Refused(new BackingRequest.Loop(
            null, ByteSize.MiB((ulong)data), metadata is { } size ? ByteSize.MiB(size) : null)).Kind);

    [Fact]
    public void A_file_that_is_there_already_is_left_alone_also_by_force()
    {
        Assert.True(_kernel.CreateFile(Paths.MetadataFile, ByteSize.MiB(16)).Succeeded);

        var refusal = Refused(new BackingRequest.Loop(null, ByteSize.GiB(1), null), force: true);

        Assert.Equal((RefusalKind.Exists, Paths.MetadataFile.Value), (refusal.Kind, refusal.Subject));
    }

    private DevicePath Disk(string name, ByteSize size) => _kernel.AddDisk("/dev/test-" + name, size);

    private BackingPlan.Planned Planned(BackingRequest request, bool force = false) =>
        Assert.IsType<BackingPlan.Planned>(
            new BackingPlanner(_kernel).Plan(Paths, request, PoolBlockSize.Default, force));

    private Refusal Refused(BackingRequest request, bool force = false)
    {
        var refusal = Assert.IsType<BackingPlan.Refused>(
            new BackingPlanner(_kernel).Plan(Paths, request, PoolBlockSize.Default, force)).Refusal;
        Assert.Equal("cannot create pool", refusal.What);
        Assert.NotEmpty(refusal.Next);
        return refusal;
    }

    /// <summary>The kernel takes the plan, and has just what it says.</summary>
    private void Opens(BackingPlan.Planned plan)
    {
        var identity = new PoolIdentity(new PoolUuid(Guid.NewGuid()), Name, plan.Backing, plan.BlockSize,
            FileSystemKind.Ext4, ByteSize.GiB(1), DateTimeOffset.UnixEpoch);
        var pool = new PoolContext(identity, Paths, DiscardOnRemove: false);
        var assembly = new AssemblyEffects(_kernel, pool);
        Assert.Equal(KernelResult.Done, assembly.Prepare().Then(assembly.Open));
        Assert.Equal(plan.DataSize, _kernel.PoolStatus(pool.Device).Value.Data.TotalBytes);
    }
}
