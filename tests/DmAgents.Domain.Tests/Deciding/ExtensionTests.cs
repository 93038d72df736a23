using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

/// <summary>What a pool that runs low is given, and by whom.</summary>
public sealed class ExtensionTests
{
    private static readonly DevicePath Spare = new("/dev/spare");

    private static readonly ExtensionSettings Settings =
        new(BelowFreePercent: 20, LoopByPercent: 50, ByteSize.GiB(100));

    private static readonly PoolState WithSpare = Pool.Do(new PoolCommands.SetSpares(NewRequest(), [Spare], At));

    private static readonly PoolState OnFiles = Pool with
    {
        Identity = Pool.Identity! with
        {
            Backing = new PoolBacking.LoopFiles(
                new LoopFilePart(new LoopFile("/data"), ByteSize.GiB(80)),
                new LoopFilePart(new LoopFile("/metadata"), ByteSize.GiB(1))),
        },
    };

    [Theory]
    [InlineData(79, false)]
    [InlineData(81, true)]
    [InlineData(100, true)]
    public void A_pool_of_disks_that_runs_low_gets_its_next_spare(ulong usedPercent, bool isExtended) =>
        Assert.Equal<GrowthRequest>(
            isExtended ? [new GrowthRequest.AddDisk(PoolBudget.Data, Spare)] : [],
            ExtensionPlan.Of(WithSpare, HealthOf(PoolMode.ReadWrite, usedPercent), Settings));

    [Fact]
    public void A_full_one_too_and_one_that_takes_no_changes_gets_nothing()
    {
        Assert.NotEmpty(ExtensionPlan.Of(WithSpare, HealthOf(PoolMode.OutOfDataSpace, 100), Settings));
        Assert.Empty(ExtensionPlan.Of(WithSpare, HealthOf(PoolMode.ReadOnly, 95), Settings));
        Assert.Empty(ExtensionPlan.Of(WithSpare, HealthOf(PoolMode.Failed, 95), Settings));
    }

    [Fact]
    public void Without_a_spare_or_a_policy_there_is_nothing_to_extend_by()
    {
        var low = HealthOf(PoolMode.ReadWrite, 95);

        Assert.Empty(ExtensionPlan.Of(Pool, low, Settings));
        Assert.Empty(ExtensionPlan.Of(WithSpare, low, ExtensionSettings.None));
        Assert.Empty(ExtensionPlan.Of(OnFiles, low, Settings with { LoopByPercent = 0 }));
    }

    [Fact]
    public void Without_a_spare_a_pool_of_disks_gets_a_volume_of_the_group_named_by_what_it_has()
    {
        var low = HealthOf(PoolMode.ReadWrite, 95);
        var settings = Settings with { VolumeGroup = "vg", VolumeByPercent = 50 };
        var disks = (PoolBacking.Disks)Pool.Identity!.Backing;
        var half = disks.Data.Aggregate(ByteSize.Zero, (sum, part) => sum + part.Length.Bytes).Bytes / 2;

        var wanted = Assert.IsType<GrowthRequest.AddVolume>(ExtensionPlan.Of(Pool, low, settings)[0]);

        Assert.Equal((PoolBudget.Data, "vg"), (wanted.Budget, wanted.Volume.Group));
        Assert.Equal($"dmagents-{Pool.Identity.Name}-{disks.Data.Length + disks.Metadata.Length}", wanted.Volume.Name);
        Assert.InRange(wanted.Size.Bytes, half + DiskLabel.Reserved.Bytes.Bytes, half + ByteSize.MiB(5).Bytes);
        Assert.IsType<GrowthRequest.AddDisk>(ExtensionPlan.Of(WithSpare, low, settings)[0]);
        Assert.Equal(wanted, ExtensionPlan.Of(WithSpare, low, settings)[1]);
    }

    [Fact]
    public void A_volume_has_no_name_of_those_that_were_there_before_metadata_were_replaced()
    {
        var low = HealthOf(PoolMode.ReadWrite, 95);
        var settings = Settings with { VolumeGroup = "vg", VolumeByPercent = 50 };
        var before = ((GrowthRequest.AddVolume)ExtensionPlan.Of(Pool, low, settings)[0]).Volume;
        var repaired = Pool with
        {
            Kept = [new KeptMetadata(
                [new DiskPart(new DevicePath("/dev/gone"), default, new SectorCount(8))], File: null, At)],
        };

        var names = ExtensionPlan.Of(repaired, low, settings)
            .Select(wanted => ((GrowthRequest.AddVolume)wanted).Volume.Name);

        Assert.DoesNotContain(before.Name, names);
    }

    [Fact]
    public void Metadata_that_cannot_grow_any_more_leave_the_spares_to_the_data()
    {
        var disks = (PoolBacking.Disks)WithSpare.Identity!.Backing;
        var full = WithSpare with
        {
            Identity = WithSpare.Identity with
            {
                Backing = disks with { Metadata = [disks.Metadata[0] with { Length = MetadataSize.Most.Sectors }] },
            },
        };
        var low = HealthOf(PoolMode.ReadWrite, 95, 95);

        Assert.Equal<GrowthRequest>(
            [new GrowthRequest.AddDisk(PoolBudget.Data, Spare)], ExtensionPlan.Of(full, low, Settings));
    }

    [Fact]
    public void A_loop_file_grows_by_its_share_and_not_beyond_its_limit()
    {
        var low = HealthOf(PoolMode.ReadWrite, 95);

        Assert.Equal<GrowthRequest>(
            [new GrowthRequest.EnlargeTo(PoolBudget.Data, ByteSize.GiB(100))],
            ExtensionPlan.Of(OnFiles, low, Settings));
        Assert.Equal<GrowthRequest>(
            [new GrowthRequest.EnlargeTo(PoolBudget.Data, ByteSize.GiB(120))],
            ExtensionPlan.Of(OnFiles, low, Settings with { LoopUpTo = null }));
        Assert.Empty(ExtensionPlan.Of(OnFiles, low, Settings with { LoopUpTo = ByteSize.GiB(80) }));
    }

    [Fact]
    public void A_spare_that_was_used_is_none_any_more()
    {
        var disks = (PoolBacking.Disks)WithSpare.Identity!.Backing;
        var grown = WithSpare.Do(new PoolCommands.Grow(NewRequest(), disks with
        {
            Data = disks.Data.Add(new DiskPart(Spare, DiskLabel.Reserved, ByteSize.GiB(1).Sectors)),
        }, At));

        Assert.Empty(grown.Spares);
    }

    [Fact]
    public void A_disk_of_the_pool_or_one_named_twice_is_no_spare()
    {
        var own = ((PoolBacking.Disks)Pool.Identity!.Backing).Data[0].Disk;

        Refuses(RefusalKind.Exists, Pool, own);
        Refuses(RefusalKind.Invalid, Pool, Spare, Spare);
        Refuses(RefusalKind.Invalid, OnFiles, Spare);
    }

    [Fact]
    public void A_condition_is_journaled_where_it_changes_and_with_its_cause()
    {
        var low = HealthOf(PoolMode.ReadWrite, 95);
        var changed = low.ChangeFrom(Pool, At);

        Assert.Equal((PoolCondition.Writable, PoolCondition.LowData), (changed!.From, changed.To));
        Assert.Contains("data free", changed.Why, StringComparison.Ordinal);
        var after = Pool.Apply(changed);
        Assert.Equal(new ConditionRecord(PoolCondition.LowData, changed.Why, At), after.Condition);
        Assert.Null(low.ChangeFrom(after, At));
        Assert.Equal(PoolCondition.Writable, Health.ChangeFrom(after, At)!.To);
    }

    /// <summary>The kernel calls it writable until a write finds no block.</summary>
    [Fact]
    public void A_pool_without_a_free_block_is_out_of_data_whatever_its_mode() =>
        Assert.Equal(PoolCondition.OutOfData, HealthOf(PoolMode.ReadWrite, 100).Condition);

    private static void Refuses(RefusalKind kind, PoolState state, params DevicePath[] spares) => Assert.Equal(
        kind,
        Assert.IsType<Decision.Refused>(PoolDecider.Decide(
            state, Health, new PoolCommands.SetSpares(NewRequest(), [.. spares], At))).Refusal.Kind);
}
