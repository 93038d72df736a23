using Akka.Actor;
using Akka.Actor.Setup;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Fleet.Entities.Locations;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Fleet.Entities;

/// <summary>Two hosts that each believe they have the entity, as after a split that the cluster resolved wrongly.
/// </summary>
internal static class Fencing
{
    /// <param name="named">What the database says of its key.</param>
    public static async Task StaleWriterIsRefused(FleetEntitySettings settings, string named)
    {
        var gate = new DatabaseGate(
            DatabaseStatus.Initial("here", EntityFleet.At).AfterReached(EntityFleet.At));
        using var left = Host();
        using var right = Host();
        var stale = Bucket(left);
        Assert.IsType<LocationReplies.Heard>(await Ask(stale, "web1"));
        // Recovered with what the first has written.
        var other = Bucket(right);
        Assert.Single((await Locate(other)).Copies);
        Assert.IsType<LocationReplies.Heard>(await Ask(other, "web2"));

        var refused = Assert.IsType<EntityMessages.Unavailable>(await Ask(stale, "web3"));

        Assert.Equal(RefusalKind.TimedOut, refused.Refusal.Kind);
        Assert.Contains(named, refused.Refusal.Why, StringComparison.Ordinal);
        // It has stopped; the next instance has what the other wrote, and not what was refused.
        await stale.WatchAsync();
        var copies = (await Locate(Bucket(left))).Copies;
        Assert.Equal(["web1", "web2"], copies.Select(copy => copy.Host.Value));
        Assert.Equal(2, (await Locate(other)).Copies.Length);

        ActorSystem Host() => ActorSystem.Create("host", BootstrapSetup.Create()
            .WithConfig(EntityConfig.Of(settings).WithFallback(ActorsConfig.Default))
            .And(EntityConfig.Connections(settings)));

        IActorRef Bucket(ActorSystem system) => system.ActorOf(Props.Create(() =>
            new BucketActor(LayerBucket.Of(EntityFleet.Layer(0)).ToString(), gate, EntityTimes.Default)));
    }

    private static Task<object> Ask(IActorRef bucket, string host) => bucket.Ask<object>(
        new LocationCommands.Announce(
            new HostName(host),
            LayerAnnouncement.Everything(EntityFleet.Stamped(1), [EntityFleet.Holding(0)]), EntityFleet.At),
        FleetHost.Patience);

    private static Task<LocationReplies.Located> Locate(IActorRef bucket) => bucket.Ask<LocationReplies.Located>(
        new LocationCommands.Locate(EntityFleet.Layer(0), EntityFleet.At), FleetHost.Patience);
}
