using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Stock;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>Snapshots that are made before anyone asks for them.</summary>
public sealed class StockSpec : ActorSpec
{
    private static readonly DeviceKey Layer = Ask.Layer("a");

    private static readonly PoolSettings WithStock = Settings with
    {
        Stock = new StockSettings(PerLayer: 2, Layers: 2, AskedFor: 2, TimeSpan.FromMinutes(10)),
    };

    [Fact]
    public async Task A_layer_that_was_asked_for_has_snapshots_ready_and_the_next_one_takes_no_kernel_work()
    {
        var life = await Opened(WithStock);
        await MakeLayer(life, "a");
        await life.Done(Ask.Create("one", Layer, DeviceUse.Active));
        await life.Done(Ask.Create("two", Layer, DeviceUse.Active));
        var ready = await Stock(life, count: 2);
        var made = life.Kernel.HoldNext(nameof(IKernel.CreateSnapshot));

        var reply = await life.Done(Ask.Create("three", Layer, DeviceUse.Active));

        Assert.Contains(reply.Device!.Id, ready);
        Assert.True(Host.IsLive(reply.Device.Id));
        // The next one for the stock is what is held.
        await made.Reached;
        made.Open();
        await Stock(life, count: 2);
        await Agrees(life);
    }

    [Fact]
    public async Task Without_a_setting_there_is_none()
    {
        var life = await Opened();
        await MakeLayer(life, "a");
        for (var i = 0; i < 5; i++)
            await life.Done(Ask.Create($"c{i}", Layer, DeviceUse.Active));

        await Settled(life);

        Assert.Empty(life.State.Stocked);
    }

    [Fact]
    public async Task What_was_half_made_for_it_is_gone_after_a_crash()
    {
        var life = await Opened(WithStock);
        await MakeLayer(life, "a");
        await life.Done(Ask.Create("one", Layer, DeviceUse.Active));
        await Settled(life);
        var held = life.Kernel.HoldNext(nameof(IKernel.ActivateThin));
        var second = life.Ask(Ask.CreateStock("s", Layer));
        await held.Reached;
        var dying = life.Die();
        held.Open();
        await dying;

        var next = await Reopened();

        await Agrees(next);
        Assert.Null(next.State.Find(DeviceKey.Stock("s")));
        Assert.Equal(3, Host.Thins.Count);
        Assert.False(second.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_layer_goes_with_its_stock()
    {
        var life = await Opened(WithStock);
        await MakeLayer(life, "a");
        await life.Done(Ask.Create("one", Layer, DeviceUse.Active));
        await life.Done(Ask.Create("two", Layer, DeviceUse.Active));
        await Stock(life, count: 2);

        await life.Done(Ask.Remove("one"));
        await life.Done(Ask.Remove("two"));
        await life.Done(Ask.Remove(Layer));

        await Agrees(life);
        Assert.Empty(life.State.Stocked);
        Assert.Single(Host.Thins);
    }

    [Fact]
    public async Task A_layer_whose_stock_is_being_made_goes_as_soon_as_that_is_made()
    {
        var life = await Opened(WithStock);
        await MakeLayer(life, "a");
        var held = life.Kernel.HoldNext(nameof(IKernel.ActivateThin));
        var stock = life.Ask(Ask.CreateStock("s", Layer));
        await held.Reached;

        var removal = life.Ask(Ask.Remove(Layer));
        await life.Done(Ask.Create("meanwhile"));
        Assert.False(removal.IsCompleted);
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(await removal);
        await stock;
        await Agrees(life);
        Assert.Empty(life.State.Stocked);
    }

    private static async Task<IReadOnlyCollection<ThinId>> Stock(AgentLife life, int count)
    {
        IReadOnlyCollection<ThinId> Ready() =>
            life.State.Find(Layer) is { } layer ? [.. life.State.ReadyStockOf(layer.Id)] : [];
        await Eventually.Holds(() => Ready().Count == count, () => $"{Ready().Count} are in stock");
        return Ready();
    }
}
