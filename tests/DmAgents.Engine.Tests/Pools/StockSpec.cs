using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Stock;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>Snapshots that are created in advance.</summary>
public sealed class StockSpec : PoolSpec
{
    private static readonly DeviceKey Layer = Ask.Layer("a");

    private static readonly PoolSettings WithStock = Settings with
    {
        Stock = new StockSettings(PerLayer: 2, Layers: 2, AskedFor: 2, TimeSpan.FromMinutes(10)),
    };

    [Fact]
    public void A_layer_that_was_asked_for_has_snapshots_ready_and_the_next_one_takes_no_kernel_work()
    {
        var life = Opened(WithStock);
        MakeLayer(life, "a");
        life.Done(Ask.Create("one", Layer, DeviceUse.Active));
        life.Done(Ask.Create("two", Layer, DeviceUse.Active));
        var ready = Stock(life, count: 2);
        var made = life.Kernel.HoldNext(nameof(IKernel.CreateSnapshot));

        var reply = life.Done(Ask.Create("three", Layer, DeviceUse.Active));

        Assert.Contains(reply.Device!.Id, ready);
        Assert.True(Host.IsLive(reply.Device.Id));
        // The held call belongs to the next snapshot for the stock.
        life.Reach(made);
        made.Open();
        Stock(life, count: 2);
        Agrees(life);
    }

    [Fact]
    public void Without_a_setting_there_is_none()
    {
        var life = Opened();
        MakeLayer(life, "a");
        for (var i = 0; i < 5; i++)
            life.Done(Ask.Create($"c{i}", Layer, DeviceUse.Active));

        Settled(life);

        Assert.Empty(life.State.Stocked);
    }

    [Fact]
    public void What_was_half_made_for_it_is_gone_after_a_crash()
    {
        var life = Opened(WithStock);
        MakeLayer(life, "a");
        life.Done(Ask.Create("one", Layer, DeviceUse.Active));
        Settled(life);
        var held = life.Kernel.HoldNext(nameof(IKernel.ActivateThin));
        var second = life.Ask(Ask.CreateStock("s", Layer));
        life.Reach(held);
        life.Die(held);

        var next = Reopened();

        Agrees(next);
        Assert.Null(next.State.Find(DeviceKey.Stock("s")));
        Assert.Equal(3, Host.Thins.Count);
        Assert.False(second.IsGiven);
    }

    [Fact]
    public void A_layer_goes_with_its_stock()
    {
        var life = Opened(WithStock);
        MakeLayer(life, "a");
        life.Done(Ask.Create("one", Layer, DeviceUse.Active));
        life.Done(Ask.Create("two", Layer, DeviceUse.Active));
        Stock(life, count: 2);

        life.Done(Ask.Remove("one"));
        life.Done(Ask.Remove("two"));
        life.Done(Ask.Remove(Layer));

        Agrees(life);
        Assert.Empty(life.State.Stocked);
        Assert.Single(Host.Thins);
    }

    [Fact]
    public void A_layer_whose_stock_is_being_made_goes_as_soon_as_that_is_made()
    {
        var life = Opened(WithStock);
        MakeLayer(life, "a");
        var held = life.Kernel.HoldNext(nameof(IKernel.ActivateThin));
        var stock = life.Ask(Ask.CreateStock("s", Layer));
        life.Reach(held);

        var removal = life.Ask(Ask.Remove(Layer));
        life.Done(Ask.Create("meanwhile"));
        Assert.False(removal.IsGiven);
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(removal.Value);
        Assert.IsAssignableFrom<PoolReplies.Success>(stock.Value);
        Agrees(life);
        Assert.Empty(life.State.Stocked);
    }

    private static IReadOnlyCollection<ThinId> Stock(PoolLife life, int count)
    {
        IReadOnlyCollection<ThinId> Ready() =>
            life.State.Find(Layer) is { } layer ? [.. life.State.ReadyStockOf(layer.Id)] : [];
        life.RunUntil(() => Ready().Count == count, () => $"{Ready().Count} are in stock");
        return Ready();
    }
}
