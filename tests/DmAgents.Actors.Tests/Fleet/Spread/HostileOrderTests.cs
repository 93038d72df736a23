using System.Collections.Concurrent;
using System.Reflection;
using Akka.Actor;
using Akka.Cluster;
using DmAgents.Actors.Fleet.Spread;
using DmAgents.Actors.Tests.Fleet.Entities;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Images;

namespace DmAgents.Actors.Tests.Fleet.Spread;

/// <summary>Orders of a member that cannot be read.</summary>
public sealed class HostileOrderTests : IAsyncLifetime
{
    private readonly SqliteDatabase _database = new();
    private readonly ConcurrentQueue<HostOrder> _taken = [];
    private readonly EntityFleet _fleet;

    public HostileOrderTests() => _fleet = new EntityFleet(_database)
    {
        Spread = host => new SpreadSettings(TimeSpan.FromHours(1), order => Take(host.Value, order)),
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        try
        {
            await _fleet.DisposeAsync();
        }
        finally
        {
            _database.Dispose();
        }
    }

    [Fact]
    public async Task An_order_that_cannot_be_read_is_dropped_and_named_and_the_next_one_comes()
    {
        await _fleet.Form(2);
        var (sender, receiver) = (_fleet.Hosts[0], _fleet.Hosts[1]);
        var life = receiver.Board.Current.View!.Members[sender.Address].Uid;
        var system = sender.Keeper.System!;
        var address = Cluster.Get(system).State.Members
            .Single(member => member.Address.Port == receiver.Address.Port).Address;
        var desk = system.ActorSelection(new RootActorPath(address) / "user" / "orders");
        var good = new HostOrders.ReleaseImage(new ImageReference("app:1"));

        desk.Tell(new HostOrders.FenceContainer(Unreadable(), new ContainerEpoch(1)), ActorRefs.Nobody);
        desk.Tell(good, ActorRefs.Nobody);

        await Eventually.Holds(() => !_taken.IsEmpty, () => "the order has not come");
        Assert.Equal([good], _taken);
        await Eventually.Holds(
            () => receiver.Log.Alarms.Any(said => said.Contains("order-fence-container.v1", StringComparison.Ordinal)),
            () => string.Join("\n", receiver.Log.Alarms.Concat(sender.Log.Alarms)));
        Assert.DoesNotContain(receiver.Log.Alarms.Concat(sender.Log.Alarms),
            said => said.Contains("isassociat", StringComparison.Ordinal));
        Assert.Equal(life, (await receiver.IsMemberOf(2)).View!.Members[sender.Address].Uid);
    }

    /// <summary>It is written as it is, and refused by who reads it.</summary>
    private static ContainerName Unreadable()
    {
        object name = new ContainerName("web");
        typeof(ContainerName).GetField("_value", BindingFlags.NonPublic | BindingFlags.Instance)!
            .SetValue(name, "../../etc");
        return (ContainerName)name;
    }

    private void Take(string host, HostOrder order)
    {
        if (host == "web2")
            _taken.Enqueue(order);
    }
}
