using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Stock;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

/// <summary>Snapshots that are made before anyone asks: which, how many, and who gets them.</summary>
public sealed class StockTests
{
    private static readonly PoolState Image = Pool.Imported("image", "a").Imported("other", "b");

    private static readonly StockSettings Two = new(PerLayer: 2, Layers: 1, AskedFor: 3, TimeSpan.FromMinutes(10));

    private static ThinId IdOf(string layer) => Image.Find(Layer(layer))!.Id;

    private static StockDemand Asked(string layer, int times, DateTimeOffset? at = null) =>
        Enumerable.Range(0, times).Aggregate(
            StockDemand.Nothing, (demand, _) => demand.AskedFor(IdOf(layer), Two.HalfLife, at ?? At));

    private static PoolState WithStock(params string[] names) =>
        names.Aggregate(
            Image, (state, name) => state.Do(Create(DeviceKey.Stock(name), Layer("a"), use: DeviceUse.Active)));

    [Fact]
    public void A_layer_that_is_asked_for_often_gets_as_many_as_it_lacks()
    {
        Assert.Equal<DeviceKey>([Layer("a"), Layer("a")], StockPlan.Of(Image, Health, Asked("a", 3), Two, At).Make);
        Assert.Equal<DeviceKey>([Layer("a")], StockPlan.Of(WithStock("1"), Health, Asked("a", 3), Two, At).Make);
        Assert.Empty(StockPlan.Of(WithStock("1", "2"), Health, Asked("a", 3), Two, At).Make);
        Assert.Empty(StockPlan.Of(Image, Health, Asked("a", 2), Two, At).Make);
    }

    [Fact]
    public void What_is_being_made_counts()
    {
        var making = Image.After(Assert.IsType<Decision.Accepted>(PoolDecider.Decide(
            Image, Health, Create(DeviceKey.Stock("1"), Layer("a"), use: DeviceUse.Active))).Events);

        Assert.Equal<DeviceKey>([Layer("a")], StockPlan.Of(making, Health, Asked("a", 3), Two, At).Make);
    }

    [Fact]
    public void Only_the_most_wanted_layers_have_some_and_others_give_theirs_back()
    {
        var demand = Enumerable.Range(0, 5).Aggregate(
            Asked("a", 3), (d, _) => d.AskedFor(IdOf("b"), Two.HalfLife, At));

        var plan = StockPlan.Of(WithStock("1"), Health, demand, Two, At);

        Assert.Equal<DeviceKey>([Layer("b"), Layer("b")], plan.Make);
        Assert.Equal<DeviceKey>([DeviceKey.Stock("1")], plan.GiveBack);
    }

    [Fact]
    public void A_layer_that_nobody_asks_for_any_more_gives_its_own_back()
    {
        var plan = StockPlan.Of(WithStock("1", "2"), Health, Asked("a", 3), Two, At + TimeSpan.FromHours(1));

        Assert.Equal<DeviceKey>([DeviceKey.Stock("1"), DeviceKey.Stock("2")], plan.GiveBack);
        Assert.Empty(plan.Make);
    }

    [Theory]
    [InlineData(PoolMode.ReadWrite, 95)]
    [InlineData(PoolMode.OutOfDataSpace, 100)]
    public void A_pool_that_runs_low_has_all_of_it_back(PoolMode mode, ulong usedPercent)
    {
        var plan = StockPlan.Of(WithStock("1"), HealthOf(mode, usedPercent), Asked("a", 9), Two, At);

        Assert.Equal<DeviceKey>([DeviceKey.Stock("1")], plan.GiveBack);
        Assert.Empty(plan.Make);
    }

    [Fact]
    public void Where_it_is_switched_off_nothing_is_made_and_what_is_left_goes()
    {
        var plan = StockPlan.Of(WithStock("1"), Health, Asked("a", 9), StockSettings.None, At);

        Assert.Equal<DeviceKey>([DeviceKey.Stock("1")], plan.GiveBack);
        Assert.Empty(plan.Make);
    }

    [Fact]
    public void Who_asks_for_an_active_snapshot_gets_one_that_is_ready()
    {
        var state = WithStock("1", "2");
        var first = state.StockOf(IdOf("a"))[0];

        var decision = Assert.IsType<Decision.Accepted>(
            PoolDecider.Decide(state, Health, Create(View("c"), Layer("a"), use: DeviceUse.Active)));

        Assert.Equal(first, decision.Subject);
        var claimed = Assert.IsType<PoolEvents.Claimed>(Assert.Single(decision.Events));
        var after = state.Apply(claimed);
        Assert.Equal(first, after.Find(View("c"))!.Id);
        Assert.Single(after.StockOf(IdOf("a")));
        Assert.Equal(1, after.ChildrenOf(IdOf("a")));
        PoolInvariants.Hold(after);
    }

    [Fact]
    public void Who_asks_for_another_size_or_use_gets_one_of_his_own()
    {
        var state = WithStock("1");
        foreach (var create in new[]
        {
            Create(View("c"), Layer("a"), size: ByteSize.GiB(2), use: DeviceUse.Active),
            Create(View("c"), Layer("a"), use: DeviceUse.Mounted),
            Create(View("c"), Layer("b"), use: DeviceUse.Active),
            Create(DeviceKey.Stock("2"), Layer("a"), use: DeviceUse.Active),
        })
        {
            var decision = Assert.IsType<Decision.Accepted>(PoolDecider.Decide(state, Health, create));
            Assert.IsType<PoolEvents.SnapshotIntended>(Assert.Single(decision.Events));
        }
    }

    [Fact]
    public void A_layer_waits_for_its_stock_that_is_being_made_and_for_no_longer()
    {
        var making = Image.After(Assert.IsType<Decision.Accepted>(PoolDecider.Decide(
            Image, Health, Create(DeviceKey.Stock("1"), Layer("a"), use: DeviceUse.Active))).Events);
        var stock = making.Find(DeviceKey.Stock("1"))!.Id;

        Assert.Equal(0, making.ChildrenOf(IdOf("a")));
        Assert.Equal(new Decision.NotYet(stock), PoolDecider.Decide(making, Health, Untag("image")));
        var made = making.Apply(new PoolEvents.Created(stock, At)).Do(Untag("image"));
        Assert.Null(made.Find(Layer("a")));
        var failed = making.Apply(new PoolEvents.CreationFailed(stock, "EIO", InDoubt: true, At)).Do(Untag("image"));
        Assert.Null(failed.Find(Layer("a")));
    }

    [Fact]
    public void What_the_pool_has_lost_of_the_stock_is_given_to_nobody_and_goes()
    {
        var lost = WithStock("1").Apply(new PoolEvents.Lost(WithStock("1").Find(DeviceKey.Stock("1"))!.Id, At));

        Assert.IsType<PoolEvents.SnapshotIntended>(Assert.Single(Assert.IsType<Decision.Accepted>(
            PoolDecider.Decide(lost, Health, Create(View("c"), Layer("a"), use: DeviceUse.Active))).Events));
        var plan = StockPlan.Of(lost, Health, Asked("a", 3), Two, At);
        Assert.Equal<DeviceKey>([Layer("a"), Layer("a")], plan.Make);
        Assert.Equal<DeviceKey>([DeviceKey.Stock("1")], plan.GiveBack);
        Assert.Null(lost.Do(Untag("image")).Find(Layer("a")));
    }

    [Fact]
    public void The_stock_goes_with_its_layer_and_holds_up_nothing()
    {
        var removed = WithStock("1", "2").Do(Untag("image"));

        Assert.Null(removed.Find(Layer("a")));
        Assert.Empty(removed.Stocked);
        Assert.Equal(3, removed.Devices.Values.Count(d => d.Phase == DevicePhase.Removing));
    }
}
