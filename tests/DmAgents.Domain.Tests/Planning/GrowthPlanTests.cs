using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Planning;

public sealed class GrowthPlanTests
{
    private static readonly PoolName Name = new("test-pool");
    private static readonly PoolPaths Paths = new("/state", Name);

    private readonly SimulatedKernel _kernel = new();

    [Fact]
    public void A_disk_is_added_to_the_data_or_to_the_metadata()
    {
        var pool = DirectPool();
        var disk = _kernel.AddDisk("/dev/test-b", ByteSize.GiB(1));

        var data = Planned(pool, new GrowthRequest.AddDisk(PoolBudget.Data, disk));
        var metadata = Planned(pool, new GrowthRequest.AddDisk(PoolBudget.Metadata, disk));

        Assert.Equal(ByteSize.MiB(1023 + 1023), data.DataSize);
        Assert.Null(BackingGrowth.Continues(pool.Backing, data.Backing));
        Assert.Null(BackingGrowth.Continues(pool.Backing, metadata.Backing));
        Assert.Equal(2, ((PoolBacking.Disks)metadata.Backing).Metadata.Length);
    }

    [Fact]
    public void The_live_pool_has_what_was_planned()
    {
        var pool = DirectPool();
        var plan = Planned(
            pool, new GrowthRequest.AddDisk(PoolBudget.Data, _kernel.AddDisk("/dev/test-b", ByteSize.GiB(1))));

        var grown = new PoolContext(pool with { Backing = plan.Backing }, Paths, DiscardOnRemove: false);
        Assert.Equal(KernelResult.Done, new AssemblyEffects(_kernel, grown).Grow());

        Assert.Equal(plan.DataSize, _kernel.PoolStatus(grown.Device).Value.Data.TotalBytes);
    }

    [Fact]
    public void A_disk_that_the_pool_has_already_is_not_added()
    {
        var pool = DirectPool();

        Assert.Equal(RefusalKind.Exists,
            Refused(pool, new GrowthRequest.AddDisk(PoolBudget.Data, new DevicePath("/dev/test-m")), force: true).Kind);
    }

    [Fact]
    public void A_disk_that_a_growth_labelled_before_the_agent_died_is_taken_again()
    {
        var pool = DirectPool();
        var disk = _kernel.AddDisk("/dev/test-b", ByteSize.GiB(1));
        _kernel.Write(disk, ByteSize.Zero, new DiskLabel(pool.Uuid, Name, Guid.NewGuid()).ToBytes());

        Planned(pool, new GrowthRequest.AddDisk(PoolBudget.Data, disk));
    }

    [Fact]
    public void A_disk_with_something_on_it_is_added_by_force()
    {
        var pool = DirectPool();
        var add = new GrowthRequest.AddDisk(
            PoolBudget.Data, _kernel.AddDisk("/dev/test-b", ByteSize.GiB(1), signature: "GPT partition table"));

        Assert.Contains("GPT partition table", Refused(pool, add).Why, StringComparison.Ordinal);
        Planned(pool, add, force: true);
    }

    [Fact]
    public void Loop_files_grow_to_a_size_or_by_one()
    {
        var pool = LoopPool();

        Assert.Equal(ByteSize.GiB(3),
            Planned(pool, new GrowthRequest.EnlargeTo(PoolBudget.Data, ByteSize.GiB(3))).DataSize);
        Assert.Equal(ByteSize.GiB(4),
            Planned(pool, new GrowthRequest.EnlargeBy(PoolBudget.Data, ByteSize.GiB(3))).DataSize);
        var metadata = Planned(pool, new GrowthRequest.EnlargeBy(PoolBudget.Metadata, ByteSize.MiB(16)));
        Assert.Equal(ByteSize.MiB(32), ((PoolBacking.LoopFiles)metadata.Backing).Metadata.Size);
    }

    [Fact]
    public void A_file_larger_than_its_host_has_room_for_is_planned_with_a_warning()
    {
        var pool = LoopPool();
        _kernel.HostCapacity = ByteSize.GiB(2);

        Assert.Single(Planned(pool, new GrowthRequest.EnlargeTo(PoolBudget.Data, ByteSize.GiB(8))).Warnings);
    }

    [Theory]
    [InlineData(PoolBudget.Data, 1024)]
    [InlineData(PoolBudget.Data, 512)]
    [InlineData(PoolBudget.Data, 0)]
    [InlineData(PoolBudget.Metadata, 16)]
    [InlineData(PoolBudget.Metadata, 17 * 1024)]
    public void A_file_neither_shrinks_nor_stays_nor_grows_beyond_use(PoolBudget budget, int mib) => Assert.Equal(
        RefusalKind.Invalid,
        Refused(LoopPool(), new GrowthRequest.EnlargeTo(budget, ByteSize.MiB((ulong)mib))).Kind);

    [Fact]
    public void Growth_of_the_wrong_kind_says_what_the_pool_is_made_of()
    {
        var existing = new PoolBacking.Existing(new MappedName("vg-pool"), OwnedByLvm: true);
        var loop = Identity(new PoolBacking.LoopFiles(
            new LoopFilePart(Paths.DataFile, ByteSize.GiB(1)), new LoopFilePart(Paths.MetadataFile, ByteSize.MiB(16))));
        var add = new GrowthRequest.AddDisk(PoolBudget.Data, _kernel.AddDisk("/dev/test-b", ByteSize.GiB(1)));

        Assert.Contains("disks", Refused(DirectPool(),
            new GrowthRequest.EnlargeBy(PoolBudget.Data, ByteSize.GiB(1))).Why,
            StringComparison.Ordinal);
        Assert.Contains("loop files", Refused(loop, add).Why, StringComparison.Ordinal);
        Assert.Contains("another program", Refused(Identity(existing), add).Why, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.Invalid,
            Refused(loop, new GrowthRequest.EnlargeBy(PoolBudget.Data, new ByteSize(ulong.MaxValue))).Kind);
    }

    private PoolIdentity DirectPool() => Opened(new BackingRequest.Direct(
        [_kernel.AddDisk("/dev/test-a", ByteSize.GiB(1))], _kernel.AddDisk("/dev/test-m", ByteSize.MiB(65))));

    private PoolIdentity LoopPool() => Opened(new BackingRequest.Loop(null, ByteSize.GiB(1), null));

    private PoolIdentity Opened(BackingRequest request)
    {
        var plan = Assert.IsType<BackingPlan.Planned>(
            new BackingPlanner(_kernel).Plan(Paths, request, PoolBlockSize.Default, force: false));
        var identity = Identity(plan.Backing);
        var assembly = new AssemblyEffects(_kernel, new PoolContext(identity, Paths, DiscardOnRemove: false));
        Assert.Equal(KernelResult.Done, assembly.Prepare().Then(assembly.Open));
        return identity;
    }

    private static PoolIdentity Identity(PoolBacking backing) => new(
        new PoolUuid(new Guid(1, 2, 3, new byte[8])), Name, backing, PoolBlockSize.Default, FileSystemKind.Ext4,
        ByteSize.GiB(1), DateTimeOffset.UnixEpoch);

    private BackingPlan.Planned Planned(PoolIdentity pool, GrowthRequest request, bool force = false) =>
        Assert.IsType<BackingPlan.Planned>(new BackingPlanner(_kernel).PlanGrowth(pool, request, force));

    private Refusal Refused(PoolIdentity pool, GrowthRequest request, bool force = false)
    {
        var refusal = Assert.IsType<BackingPlan.Refused>(
            new BackingPlanner(_kernel).PlanGrowth(pool, request, force)).Refusal;
        Assert.Equal("cannot grow pool", refusal.What);
        Assert.NotEmpty(refusal.Next);
        return refusal;
    }
}
