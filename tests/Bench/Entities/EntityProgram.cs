using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using DmAgents.Actors;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Fleet.Entities.Containers;
using DmAgents.Actors.Fleet.Entities.Images;
using DmAgents.Actors.Fleet.Entities.Locations;
using DmAgents.Actors.Fleet.Spread;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Bench.Entities;

/// <summary>What a fleet's entities take of the heap: the actors, and their states with a million layers
/// known.</summary>
internal static class EntityProgram
{
    private const int Layers = 1_000_000;
    private const int Entities = 5_000;

    /// <summary>Layers on one host of four, with three copies of each.</summary>
    private const int Held = Layers * 3 / 4;

    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly HostName[] Hosts = [new("web1"), new("web2"), new("web3"), new("web4")];
    private static readonly PoolSpace Space = new(ByteSize.GiB(1), ByteSize.MiB(1));

    public static async Task<int> Run()
    {
        var gate = new DatabaseGate(DatabaseStatus.Initial("none", At));
        using var system = ActorSystem.Create("bench", ConfigurationFactory.ParseString($$"""
            akka.actor {
              serializers.fleet = "{{typeof(FleetSerializer).AssemblyQualifiedName}}"
              serialization-bindings { "System.Object" = fleet }
            }
            """).WithFallback(ActorsConfig.Default));
        await Actors(system, "bucket", Enumerable.Range(0, LayerBucket.Count), number => Props.Create(() =>
            new BucketActor(number.ToString(CultureInfo.InvariantCulture), gate, EntityTimes.Default)));
        await Actors(system, "image", Enumerable.Range(0, Entities), number => Props.Create(() =>
            new EntityActor<ImageState, ImageCommand, ImageEvent, ImageReply>(
                ImageKind.Kind, $"app:{number}", gate, EntityTimes.Default, null)));
        await Actors(system, "container", Enumerable.Range(0, Entities), number => Props.Create(() =>
            new EntityActor<ContainerState, ContainerCommand, ContainerEvent, ContainerReply>(
                ContainerKind.Kind, $"web{number}", gate, EntityTimes.Default, null)));
        States("bucket, its share of a million layers with 3 copies", LayerBucket.Count, Buckets());
        States("image, 10 layers, 4 hosts, one decision", Entities, Enumerable.Range(0, Entities).Select(Image));
        States("container, placed among 4 hosts", Entities, Enumerable.Range(0, Entities).Select(Container));
        Driver();
        Announcer();
        return 0;
    }

    private static async Task Actors(ActorSystem system, string what, IEnumerable<int> numbers, Func<int, Props> props)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var actors = numbers.Select(number => system.ActorOf(props(number))).ToList();
        // Answered when it has recovered; it is not changed by it.
        foreach (var actor in actors)
            await actor.Ask<EntityMessages.Shown>(new EntityMessages.Show(0), TimeSpan.FromMinutes(5));
        Say($"actor of a {what}", actors.Count, GC.GetTotalMemory(forceFullCollection: true) - before);
        GC.KeepAlive(actors);
    }

    private static void States<T>(string what, int count, IEnumerable<T> states)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var kept = states.ToList();
        Say($"state of a {what}", count, GC.GetTotalMemory(forceFullCollection: true) - before);
        GC.KeepAlive(kept);
    }

    /// <summary>What a host keeps of the images that it drives, besides their states.</summary>
    private static void Driver()
    {
        var states = Enumerable.Range(0, Entities).Select(Image).ToList();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var driver = new EntityDriver<ImageState>(
            (_, _) => Task.CompletedTask, _ => false, new SpreadSettings(TimeSpan.FromMinutes(10), _ => { }),
            TimeProvider.System, NoLogger.Instance);
        foreach (var state in states)
            driver.Seen(state.Reference.Value, state);
        Say("driver's record of an image", Entities, GC.GetTotalMemory(forceFullCollection: true) - before);
        GC.KeepAlive(states);
    }

    /// <summary>What a host keeps of its own announcements, once the fleet has confirmed them. The layers' names and
    /// digests are counted here, although the pool's state has most of them, too.</summary>
    private static void Announcer()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var announcer = new HostAnnouncer(new Incarnation(1), FleetTraces.None).Offer(new HostInventory(
            new HostCapacity([], "bench"), [.. Enumerable.Range(0, Held).Select(Layer)
                .Select(layer => new LayerHolding(layer, Content(layer), Verified: true))],
            ImmutableDictionary<ImageReference, HeldImage>.Empty,
            ImmutableDictionary<ContainerName, ContainerEpoch>.Empty));
        Say("announcer's record of a layer, not yet answered", Held, GC.GetTotalMemory(forceFullCollection: true) - before);
        announcer = announcer.Answered(new HostReplies.Heard(((HostAnnouncement.ToLedger)announcer.Due.First()).Stamp));
        foreach (var due in announcer.Due.OfType<HostAnnouncement.ToBucket>().ToList())
        {
            announcer = announcer.Answered(
                due.Bucket, new LocationReplies.Heard(due.Announcement.Stamp));
        }
        Say("announcer's record of a layer", Held, GC.GetTotalMemory(forceFullCollection: true) - before);
        GC.KeepAlive(announcer);
    }

    private static void Say(string what, int count, long bytes) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what,-70} {count,6} {bytes / count,10} bytes each {bytes / 1048576.0,8:0.0} MiB"));

    private static IEnumerable<LocationState> Buckets()
    {
        var byBucket = Enumerable.Range(0, Layers).Select(Layer).ToLookup(LayerBucket.Of);
        foreach (var bucket in byBucket)
        {
            yield return Hosts[..3].Aggregate(LocationState.Empty, (state, host) => state.Apply(
                new LocationEvents.HostHeard(
                    host, new Stamp(new Incarnation(1), 1),
                    [.. bucket.Select(layer => new LayerHolding(layer, Content(layer), Verified: true))], [], At)));
        }
    }

    private static ImageState Image(int number)
    {
        var config = Digest.Of(Encoding.UTF8.GetBytes($"config {number}"));
        ImmutableArray<LineageLayer> lineage =
            [.. Enumerable.Range(0, 10).Select(layer => new LineageLayer(Layer(number * 10 + layer), Space))];
        var state = new ImageState(new ImageReference($"registry.example/team/app:{number}"))
            .Apply(new ImageEvents.Defined(new RequestId(Guid.NewGuid()), config, lineage, 2, At));
        return Hosts.Aggregate(state, (s, host) => s.Apply(new ImageEvents.HoldingChanged(
                host, new Stamp(new Incarnation(1), 1), new ImageHolding(config, HoldingKind.Whole, InUse: false), At)))
            .Apply(new ImageEvents.NoHostFits("1 of 2 copies are there", Candidates(), At));
    }

    private static ContainerState Container(int number) => new ContainerState(new ContainerName($"web{number}"))
        .Apply(new ContainerEvents.Placed(
            new RequestId(Guid.NewGuid()), new ImageReference($"registry.example/team/app:{number}"), Hosts[0],
            Chosen: false, new ContainerEpoch(1), HasImage: true, Candidates(), "it has the highest score", At))
        .Apply(new ContainerEvents.HostHeard(
            Hosts[0], new Stamp(new Incarnation(1), 1), new ContainerEpoch(1), At))
        .Apply(new ContainerEvents.Owned(Hosts[0], new ContainerEpoch(1), At));

    private static ImmutableArray<Candidate> Candidates() =>
        [.. Hosts.Select(host => new Candidate(host, CandidateVerdict.Fits, Space, 900, 100, 1000))];

    private static ChainId Layer(int number) => new(Digest.Of(Encoding.UTF8.GetBytes($"layer {number}")));

    private static ContentDigest Content(ChainId layer) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes(layer.Value)));
}
