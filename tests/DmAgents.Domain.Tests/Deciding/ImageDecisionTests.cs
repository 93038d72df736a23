using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class ImageDecisionTests
{
    [Fact]
    public void A_reference_is_given_to_a_layer_only_when_the_pool_has_it()
    {
        var state = Pool.Imported("image", "a").Do(Create(Container("c"), Layer("a")));
        var commit = Assert.IsType<Decision.Accepted>(
            PoolDecider.Decide(state, Health, CommitLive(Container("c"), Layer("b"))));
        var making = state.After(commit.Events);

        Assert.Equal(RefusalKind.Busy, RefusedBy(making, Tag("other", Layer("b"))).Kind);
        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(
            making.Apply(new PoolEvents.Created(commit.Subject!.Value, At)), Health, Tag("other", Layer("b"))));
    }

    [Fact]
    public void A_reference_is_not_given_to_a_layer_that_is_lost()
    {
        var state = Pool.Imported("image", "a");
        var lost = state.Apply(new PoolEvents.Lost(state.Find(Layer("a"))!.Id, At));

        Assert.Equal(RefusalKind.WrongState, RefusedBy(lost, Tag("other", Layer("a"))).Kind);
    }

    /// <summary>Two orders that cross: each says what it saw.</summary>
    [Fact]
    public void A_reference_is_given_or_taken_only_if_it_means_what_is_expected()
    {
        var state = Pool.Imported("image", "a").Imported("other", "b");
        var config = state.Images[new("image")].ConfigDigest;

        var free = RefusedBy(state, Tag("image", Layer("b")) with { Expected = new(ConfigDigest: null) });
        Assert.Equal(RefusalKind.Exists, free.Kind);
        Assert.Contains("another image got this name", free.Why, StringComparison.Ordinal);
        Assert.Contains("was removed meanwhile", RefusedBy(
            state, Tag("gone", Layer("b")) with { Expected = new("sha256:1") }).Why, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.Exists, RefusedBy(
            state, Tag("image", Layer("b")) with { Expected = new("sha256:1") }).Kind);
        Assert.Equal(
            RefusalKind.WrongState, RefusedBy(state, Untag("image") with { ExpectedConfig = "sha256:1" }).Kind);

        Assert.Equal(state.Find(Layer("b"))!.Id, state.Do(
            Tag("image", Layer("b")) with { Expected = new(config) }).Images[new("image")].TopLayer);
        Assert.NotEmpty(state.Do(Tag("free", Layer("b")) with { Expected = new(ConfigDigest: null) }).Images);
        Assert.DoesNotContain(
            new("image"), state.Do(Untag("image") with { ExpectedConfig = config }).Images.Keys);
        // Done by the same order, whose answer was lost.
        Assert.IsType<Decision.AlreadySo>(PoolDecider.Decide(state, Health, Tag(
            "image", Layer("a"), config) with { Expected = new("sha256:1") }));
    }

    [Fact]
    public void An_image_that_goes_takes_the_layers_that_nothing_else_needs()
    {
        var state = Pool.Imported("one", "a", "b", "c").Imported("two", "a", "d")
            .Do(Create(Container("x"), Layer("b")));

        var after = state.Do(Untag("one"));

        Assert.Null(after.Find(Layer("c")));
        Assert.NotNull(after.Find(Layer("b")));
        Assert.NotNull(after.Find(Layer("a")));
        Assert.Null(after.Do(Remove(Container("x"))).Do(Untag("two")).Find(Layer("d")));
    }

    [Fact]
    public void An_image_that_goes_leaves_a_client_its_layers()
    {
        var own = new DeviceKey("k8s.io", "5");
        var state = Pool.Do(Create(Container("x"))).Do(Commit(Container("x"), own))
            .Do(Create(DeviceKey.Import("y"), own)).Do(Commit(DeviceKey.Import("y"), Layer("b"), ImportLabels))
            .Do(Tag("image", Layer("b")));

        var after = state.Do(Untag("image"));

        Assert.Null(after.Find(Layer("b")));
        Assert.NotNull(after.Find(own));
    }
}
