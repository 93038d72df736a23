using DmAgents.Agent.Imports;
using DmAgents.Agent.Services;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Domain.Units;
using DmAgents.Images.Layers;
using Finding = DmAgents.Agent.UseCases.Finding;

namespace DmAgents.Agent.Tests;

/// <summary>What use cases report is said in the API's words, and nothing of it is left out.</summary>
public sealed class ViewTests
{
    [Fact]
    public void Each_word_of_a_use_case_has_the_same_in_the_API()
    {
        MustBeSame<Gravity, Severity>(word => CheckViews.Finding(new Finding(word, "a", "b", "c", "d")).Severity);
        MustBeSame<RepairAction, MendPlan.Types.Action>(
            word => MetadataRepairViews.Plan(Trial() with { Action = word }).Action);
        MustBeSame<RepairFate, MendedDevice.Types.Fate>(word => MetadataRepairViews.Plan(
            Trial() with { Devices = [new AffectedThin(new ThinId(1), Key: null, word)] }).Devices[0].Fate);
        MustBeSame<LayerPhase, ImportProgress.Types.Phase>(word => ImageViews.Progress(
            new ImportReport.Layer(word, 1, 2, DiffId: null, default, default)).Phase);
        MustBeSame<XattrLoss, LostAttribute.Types.Reason>(word => LostAttributes.Of(
            [new LostXattrCount("user.a", word, 1, "first")]).Attributes[0].Reason);
    }

    [Fact]
    public void Conditions_of_a_pool_are_called_in_sentences_as_its_state_is_in_the_API() => Assert.All(
        Enum.GetNames<PoolCondition>(), name => Assert.Contains(name, Enum.GetNames<Api.Admin.V1.PoolState>()));

    [Fact]
    public void Steps_are_numbered_from_one()
    {
        var steps = CheckViews.Steps([new("resume", "a"), new("undo", "b")]).ToList();

        Assert.Equal([("resume", "a", 1u, 2u), ("undo", "b", 2u, 2u)],
            steps.Select(step => (step.What, step.Object, step.Index, step.Count)));
    }

    [Fact]
    public void A_check_agrees_with_what_is_only_worth_knowing_and_with_nothing_more()
    {
        Assert.True(Check(Gravity.Info).Agrees);
        Assert.False(Check(Gravity.Warning).Agrees);
        Assert.False(CheckViews.Check(Check(Gravity.Error)).Agrees);
    }

    [Fact]
    public void A_check_is_told_whole()
    {
        var check = CheckViews.Check(Check(Gravity.Info));

        Assert.Equal(("test-pool", true), (check.Pool, check.Agrees));
        Assert.Equal((3u, 4u, 5u), (check.JournalDevices, check.MetadataDevices, check.LiveDevices));
        Assert.Equal(("a", "b", "c", "d"), (
            check.Findings[0].Object, check.Findings[0].What, check.Findings[0].Why, check.Findings[0].Next));
        Assert.Equal("undo", Assert.Single(check.Repairs).What);
        Assert.Equal(9u, check.ForeignTransactionId);
        Assert.False(CheckViews.Check(Check(Gravity.Info) with { Foreign = null }).HasForeignTransactionId);
    }

    [Fact]
    public void What_a_repair_of_metadata_would_do_is_told_whole()
    {
        var plan = MetadataRepairViews.Plan(Trial() with
        {
            Verdict = "bad", Place = new MetadataPlace("/dev/sdd", new ByteSize(8)), Whole = 2,
            Obstacle = new Refusal(RefusalKind.NoSpace, "cannot", "test-pool", "no room", "make room"),
            Devices =
            [
                new AffectedThin(new ThinId(7), DeviceKey.Container("web"), RepairFate.Short)
                {
                    Before = new ByteSize(20), After = new ByteSize(10),
                },
            ],
            Warnings = ["beware"], Steps = [new("check them", "/dev/sdd")],
        });

        Assert.Equal(("test-pool", "bad", "/dev/sdb"), (plan.Pool, plan.Verdict, plan.Present));
        Assert.Equal(("/dev/sdd", 8ul, 2u), (plan.Place, plan.PlaceBytes, plan.Whole));
        Assert.Equal((4ul, 5ul), (plan.TransactionId, plan.JournalTransactionId));
        Assert.Equal((Problem.Types.Kind.NoSpace, "no room", "make room"), (
            plan.ObstacleKind, plan.Obstacle, plan.ObstacleNext));
        var device = Assert.Single(plan.Devices);
        Assert.Equal((7u, "web", 20ul, 10ul), (
            device.ThinId, device.Key, device.MappedBeforeBytes, device.MappedAfterBytes));
        Assert.Equal("beware", Assert.Single(plan.Warnings));
        Assert.Equal((1u, 1u), (Assert.Single(plan.Steps).Index, plan.Steps[0].Count));
    }

    [Fact]
    public void One_that_nothing_stands_in_the_way_of_has_no_obstacle()
    {
        var plan = MetadataRepairViews.Plan(Trial());

        Assert.Equal((Problem.Types.Kind.Unspecified, "", ""), (plan.ObstacleKind, plan.Obstacle, plan.ObstacleNext));
        Assert.Equal(("", 0ul), (plan.Place, plan.PlaceBytes));
    }

    [Fact]
    public void Bytes_that_are_received_are_told_with_their_total_if_it_is_known()
    {
        var known = ImageViews.Progress(new ImportReport.Receiving(new ByteSize(3), new ByteSize(9)));
        var unknown = ImageViews.Progress(new ImportReport.Receiving(new ByteSize(3), Total: null));

        Assert.Equal((ImportProgress.Types.Phase.Receiving, 3ul, 9ul), (
            known.Phase, known.CompressedBytesRead, known.CompressedBytesTotal));
        Assert.Equal(0ul, unknown.CompressedBytesTotal);
    }

    private static void MustBeSame<TWord, TApi>(Func<TWord, TApi> translate)
        where TWord : struct, Enum
        where TApi : struct, Enum => Assert.All(
            Enum.GetValues<TWord>(), word => Assert.Equal(word.ToString(), translate(word).ToString()));

    private static PoolCheck Check(Gravity gravity) => new(
        new PoolName("test-pool"), 3, 4, 5, [new Finding(gravity, "a", "b", "c", "d")], [new("undo", "x")],
        new TransactionId(9));

    private static MetadataRepairTrial Trial() => new(
        new PoolName("test-pool"), new MetadataSource.Present(), RepairAction.Replace,
        new MetadataPlace("/dev/sdb", ByteSize.MiB(4)), new TransactionId(4), new TransactionId(5));
}
