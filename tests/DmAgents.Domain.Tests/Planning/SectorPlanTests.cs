using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Planning;

/// <summary>A pool keeps the sectors that it was made with.</summary>
public sealed class SectorPlanTests
{
    private static readonly PoolName Name = new("test-pool");
    private static readonly PoolPaths Paths = new("/state", Name);
    private static readonly DiskShape Large = DiskShape.Plain with { Sector = ByteSize.KiB(4) };

    private readonly SimulatedKernel _kernel = new();

    [Theory]
    [InlineData(PoolBudget.Data, true)]
    [InlineData(PoolBudget.Metadata, false)]
    public void Data_on_larger_sectors_are_refused_and_metadata_are_not(PoolBudget budget, bool refused)
    {
        var plan = Grow(Pool(), new GrowthRequest.AddDisk(budget, Disk("b", Large)));

        if (!refused)
        {
            Assert.IsType<BackingPlan.Planned>(plan);
            return;
        }
        var refusal = Assert.IsType<BackingPlan.Refused>(plan).Refusal;
        Assert.Contains("sectors of 4 KiB, and pool test-pool has sectors of 512 B", refusal.Why,
            StringComparison.Ordinal);
        Assert.Contains("choose a disk with sectors of 512 B", refusal.Next, StringComparison.Ordinal);
        Assert.Contains("dmagent pool create", refusal.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void Force_makes_no_difference() => Assert.IsType<BackingPlan.Refused>(
        Grow(Pool(), new GrowthRequest.AddDisk(PoolBudget.Data, Disk("b", Large)), force: true));

    [Fact]
    public void A_spare_is_refused_when_it_is_named_and_not_when_it_is_needed()
    {
        var (_, refusal) = new BackingPlanner(_kernel).LookAtSpare(Pool(), Disk("b", Large));

        Assert.Equal("cannot make it a spare", refusal?.What);
        Assert.Contains("sectors of 4 KiB", refusal?.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_on_larger_sectors_is_refused_before_it_is_made()
    {
        _kernel.AddVolumeGroup("large", ByteSize.GiB(4), Large);
        var volume = new LogicalVolume("large", "dmagents-test-pool-2");

        var plan = Grow(Pool(), new GrowthRequest.AddVolume(PoolBudget.Data, volume, ByteSize.GiB(1)));

        Assert.Contains("sectors", Assert.IsType<BackingPlan.Refused>(plan).Refusal.Why, StringComparison.Ordinal);
        Assert.True(_kernel.Inspect(volume.Path).FailedWith(KernelFault.NotFound));
        Assert.IsType<BackingPlan.Planned>(
            Grow(Pool("c"), new GrowthRequest.AddVolume(PoolBudget.Metadata, volume, ByteSize.GiB(1))));
    }

    [Fact]
    public void Smaller_and_equal_sectors_are_taken()
    {
        var pool = Pool(shape: Large);

        Assert.Equal(ByteSize.KiB(4), pool.SectorSize);
        Assert.IsType<BackingPlan.Planned>(Grow(pool, new GrowthRequest.AddDisk(PoolBudget.Data, Disk("b", Large))));
        Assert.IsType<BackingPlan.Planned>(
            Grow(pool, new GrowthRequest.AddDisk(PoolBudget.Data, Disk("c", DiskShape.Plain))));
    }

    [Fact]
    public void A_new_pool_of_mixed_sectors_has_the_largest_and_says_so()
    {
        var plan = Assert.IsType<BackingPlan.Planned>(Plan(new BackingRequest.Direct(
            [Disk("a", DiskShape.Plain), Disk("b", Large)], Disk("m", DiskShape.Plain))));

        Assert.Equal(ByteSize.KiB(4), plan.SectorSize);
        Assert.Contains(plan.Warnings, warning => warning.Contains("512 B and 4 KiB", StringComparison.Ordinal));
    }

    [Fact]
    public void Sectors_that_nothing_of_a_pool_can_be_read_by_and_zones_are_refused_for_any_part()
    {
        var (huge, zoned) = (Disk("h", DiskShape.Plain with { Sector = ByteSize.KiB(16) }),
            Disk("z", DiskShape.Plain with { IsZoned = true }));
        var plain = Disk("a", DiskShape.Plain);

        Assert.All(new[] { huge, zoned }, disk =>
        {
            Assert.IsType<BackingPlan.Refused>(Plan(new BackingRequest.Direct([disk], plain)));
            Assert.IsType<BackingPlan.Refused>(Plan(new BackingRequest.Direct([plain], disk)));
            Assert.IsType<BackingPlan.Refused>(Plan(new BackingRequest.SingleDisk(disk, null)));
        });
    }

    [Fact]
    public void What_is_only_slow_or_may_surprise_is_told()
    {
        var plan = Assert.IsType<BackingPlan.Planned>(Plan(new BackingRequest.Direct(
            [
                Disk("a", DiskShape.Plain with { IsRemovable = true }),
                Disk("b", DiskShape.Plain with { IsMisaligned = true, LongestDiscard = ByteSize.KiB(32) }),
            ],
            Disk("m", DiskShape.Plain))));

        Assert.Equal(
            ["can be taken out", "gets discards", "writes are slow"],
            new[] { "can be taken out", "gets discards", "writes are slow" }.Where(
                text => plan.Warnings.Any(warning => warning.Contains(text, StringComparison.Ordinal))));
    }

    [Fact]
    public void A_pool_that_an_older_agent_gave_larger_sectors_is_told_and_can_grow_by_the_same()
    {
        var (first, second) = (Disk("a", DiskShape.Plain), Disk("b", Large));
        var pool = Pool() with { SectorSize = null };
        var mixed = pool with
        {
            Backing = new PoolBacking.Disks(
                [Whole(first), Whole(second)], ((PoolBacking.Disks)pool.Backing).Metadata),
        };

        var concern = PoolSectors.Concern(_kernel, Given.Pool with { Identity = mixed });

        Assert.Contains("sectors of 4 KiB (/dev/test-b) and it was made with 512 B", concern, StringComparison.Ordinal);
        Assert.Null(PoolSectors.Concern(_kernel, Given.Pool with { Identity = pool }));
        Assert.IsType<BackingPlan.Planned>(Grow(mixed, new GrowthRequest.AddDisk(PoolBudget.Data, Disk("c", Large))));
    }

    [Fact]
    public void A_disk_that_presents_itself_with_larger_sectors_than_before_is_told()
    {
        var pool = Pool();
        _kernel.Reshape(new DevicePath("/dev/test-a"), Large);

        Assert.NotNull(PoolSectors.Concern(_kernel, Given.Pool with { Identity = pool }));
    }

    private static DiskPart Whole(DevicePath disk) => new(disk, DiskLabel.Reserved, ByteSize.MiB(512).Sectors);

    private DevicePath Disk(string name, DiskShape shape) =>
        _kernel.Inspect(new DevicePath($"/dev/test-{name}")).Succeeded
            ? new DevicePath($"/dev/test-{name}")
            : _kernel.AddDisk($"/dev/test-{name}", ByteSize.GiB(1), shape: shape);

    private PoolIdentity Pool(string data = "a", DiskShape? shape = null)
    {
        var plan = Assert.IsType<BackingPlan.Planned>(Plan(new BackingRequest.Direct(
            [Disk(data, shape ?? DiskShape.Plain)], Disk($"{data}m", DiskShape.Plain))));
        return new PoolIdentity(
            new PoolUuid(new Guid(1, 2, 3, new byte[8])), Name, plan.Backing, PoolBlockSize.Default,
            FileSystemKind.Xfs, ByteSize.GiB(1), DateTimeOffset.UnixEpoch) { SectorSize = plan.SectorSize };
    }

    private BackingPlan Plan(BackingRequest request) =>
        new BackingPlanner(_kernel).Plan(Paths, request, PoolBlockSize.Default, force: false);

    private BackingPlan Grow(PoolIdentity pool, GrowthRequest request, bool force = false) =>
        new BackingPlanner(_kernel).PlanGrowth(pool, request, force);
}
