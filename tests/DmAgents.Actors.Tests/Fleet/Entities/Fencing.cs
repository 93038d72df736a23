using Akka.Actor;
using Akka.Actor.Setup;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Fleet.Entities.Locations;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Fleet.Entities;

/// <summary>Two hosts that have one entity: by turns, or both at once, as after a split that was resolved wrongly.
/// </summary>
internal static class Fencing
{
    /// <param name="named">What the database says of its key.</param>
    public static async Task StaleWriterIsRefused(FleetEntitySettings settings, string named)
    {
        using var left = Host(settings);
        using var right = Host(settings);
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
    }

    /// <summary>What each host wrote counts, also what the first wrote after it had the entity again.</summary>
    public static async Task NothingIsLostByTheWayBack(FleetEntitySettings settings)
    {
        using var one = Host(settings);
        using var two = Host(settings);
        string[] announced = ["web1", "web2", "web3", "web4"];
        foreach (var (host, number) in announced.Select((host, number) => (host, number)))
        {
            var entity = Bucket(number % 2 == 0 ? one : two);
            Assert.IsType<LocationReplies.Heard>(await Ask(entity, host));
            await Stopped(entity);
        }

        var copies = (await Locate(Bucket(one))).Copies;

        Assert.Equal(announced, copies.Select(copy => copy.Host.Value));
    }

    private static async Task Stopped(IActorRef entity) =>
        Assert.True(await entity.GracefulStop(FleetHost.Patience));

    private static ActorSystem Host(FleetEntitySettings settings) => ActorSystem.Create("host", BootstrapSetup.Create()
        .WithConfig(EntityConfig.Of(settings).WithFallback(ActorsConfig.Default))
        .And(EntityConfig.Connections(settings)));

    private static IActorRef Bucket(ActorSystem system)
    {
        var gate = new DatabaseGate(
            DatabaseStatus.Initial("here", EntityFleet.At).AfterReached(EntityFleet.At));
        return system.ActorOf(Props.Create(() =>
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
