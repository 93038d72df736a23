using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class ViewDecisionTests
{
    private static readonly PoolState Image = Pool.Imported("image", "a");

    private static DeviceRecord LayerOf(PoolState state) => state.Find(Layer("a"))!;

    [Fact]
    public void A_view_takes_no_thin_id_and_makes_its_layer_live_read_only()
    {
        var state = Image.Do(CreateView(View("v"), Layer("a")));

        Assert.Equal(Image.Devices.Count, state.Devices.Count);
        Assert.Equal((DeviceUse.Active, true), (LayerOf(state).Use, LayerOf(state).ReadOnly));
        Assert.Equal(LayerOf(state).Id, state.Views[View("v")].Source);
    }

    [Fact]
    public void A_layer_is_live_until_its_last_view_goes()
    {
        var two = Image.Do(CreateView(View("v"), Layer("a"))).Do(CreateView(View("w"), Layer("a")));

        var one = two.Do(Remove(View("v")));
        var none = one.Do(Remove(View("w")));

        Assert.Equal(DeviceUse.Active, LayerOf(one).Use);
        Assert.Equal((DeviceUse.Idle, false), (LayerOf(none).Use, LayerOf(none).ReadOnly));
    }

    [Fact]
    public void A_layer_with_a_view_is_not_removed()
    {
        var state = Image.Do(CreateView(View("v"), Layer("a"))).Do(Untag("image"));

        var refusal = RefusedBy(state, Remove(Layer("a")));

        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        Assert.Contains("remove", refusal.Why, StringComparison.Ordinal);
        Assert.NotNull(state.Find(Layer("a")));
    }

    [Fact]
    public void A_view_without_a_parent_shows_the_base_which_it_may_bring_into_being()
    {
        var decision = Assert.IsType<Decision.Accepted>(PoolDecider.Decide(Pool, Health, CreateView(View("v"))));

        Assert.Collection(decision.Events,
            e => Assert.IsType<PoolEvents.BaseIntended>(e),
            e => Assert.IsType<PoolEvents.ViewAdded>(e));
        var failed = Pool.After(decision.Events)
            .Apply(new PoolEvents.CreationFailed(decision.Subject!.Value, "no", InDoubt: false, At));
        Assert.Empty(failed.Views);
        PoolInvariants.Hold(failed);
    }

    [Fact]
    public void A_full_pool_takes_views_still()
    {
        var full = HealthOf(PoolMode.OutOfDataSpace, usedPercent: 100);

        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(Image, full, CreateView(View("v"), Layer("a"))));
        Assert.IsType<Decision.Refused>(PoolDecider.Decide(Pool, full, CreateView(View("v"))));
    }

    [Fact]
    public void A_key_is_a_devices_or_a_views_and_never_both()
    {
        var state = Image.Do(CreateView(View("v"), Layer("a"))).Do(Create(View("c"), Layer("a")));

        Assert.Equal(RefusalKind.Exists, RefusedBy(state, CreateView(View("v"), Layer("a"))).Kind);
        Assert.Equal(RefusalKind.Exists, RefusedBy(state, CreateView(View("c"), Layer("a"))).Kind);
        Assert.Equal(RefusalKind.Exists, RefusedBy(state, Create(View("v"), Layer("a"))).Kind);
        Assert.Equal(RefusalKind.Exists, RefusedBy(state, Commit(View("c"), View("v"))).Kind);
        Assert.Equal(RefusalKind.WrongState, RefusedBy(state, Commit(View("v"), View("new"))).Kind);
    }

    [Fact]
    public void A_view_or_a_container_is_no_parent()
    {
        var state = Image.Do(CreateView(View("v"), Layer("a"))).Do(Create(View("c"), Layer("a")));

        foreach (var parent in new[] { View("v"), View("c") })
        {
            Assert.Equal(RefusalKind.Invalid, RefusedBy(state, Create(View("new"), parent)).Kind);
            Assert.Equal(RefusalKind.Invalid, RefusedBy(state, CreateView(View("new"), parent)).Kind);
        }
        Assert.Equal(RefusalKind.NotFound, RefusedBy(state, CreateView(View("new"), Layer("missing"))).Kind);
    }

    [Fact]
    public void Labels_are_set_taken_away_and_replaced_and_only_their_time_changes()
    {
        var later = At.AddMinutes(1);
        var state = Image.Do(CreateView(View("v"), Layer("a")))
            .Do(Label(View("v"), "a", "1")).Do(Label(View("v"), "b", "2"));

        state = state.Do(new PoolCommands.SetLabels(
            NewRequest(), View("v"), Replace: false, NoLabels.Add("c", "3"), ["a", "missing"], later));
        Assert.Equal(NoLabels.Add("b", "2").Add("c", "3"), state.Views[View("v")].Labels);
        Assert.Equal((At, later), (state.Views[View("v")].CreatedAt, state.Views[View("v")].UpdatedAt));

        state = state.Do(new PoolCommands.SetLabels(
            NewRequest(), Layer("a"), Replace: true, NoLabels.Add("d", "4"), [], later));
        Assert.Equal(NoLabels.Add("d", "4"), LayerOf(state).Labels);
        Assert.Equal(RefusalKind.NotFound, RefusedBy(state, Label(View("missing"), "a", "1")).Kind);
    }

    [Fact]
    public void The_use_of_a_shown_layer_is_not_for_others_to_change() => Assert.Equal(
        RefusalKind.WrongState,
        RefusedBy(Image.Do(CreateView(View("v"), Layer("a"))), Use(Layer("a"), DeviceUse.Idle)).Kind);
}
