using System.Net;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using DmAgents.Actors.Fleet;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Tests.Fleet;

public sealed class FleetConfigTests
{
    private static readonly string[] _assemblies =
    [
        "Akka", "Akka.Remote", "Akka.Cluster", "Akka.Cluster.Tools", "Akka.DistributedData", "Akka.Cluster.Sharding",
    ];

    private static readonly MemberAddress _own = Address("web1:2552");

    private static readonly FleetSettings _settings =
        new(new FleetName("prod"), new HostName("web1"), _own) { Seeds = [_own, Address("web2:2552")] };

    /// <summary>Nothing else shows a key that Akka does not know: it is ignored.</summary>
    [Fact]
    public void Each_key_that_is_set_is_one_that_Akka_knows()
    {
        var known = Reference();
        var all = _settings with
        {
            LogBridge = typeof(FleetConfigTests),
            Listen = new IPEndPoint(IPAddress.Any, 2552),
            Adapters = ["trttl"],
        };

        var keys = Leaves(ConfigurationFactory.ParseString(FleetConfig.Text(all, FleetStart.First)).Root, "").ToList();

        Assert.True(keys.Count > 30, string.Join("\n", keys));
        Assert.All(keys, key => Assert.True(known.HasPath(key) || known.HasPath(PhaseOf(key)), key));
    }

    /// <summary>Each phase of the shutdown takes a time limit; those that Akka's reference names none for have a common
    /// one.</summary>
    private static string PhaseOf(string key) =>
        key == $"akka.coordinated-shutdown.phases.{FleetEnd.Phase}.timeout" ? key[..^".timeout".Length] : key;

    [Fact]
    public void Each_time_reaches_its_key()
    {
        var times = FleetTimes.Default;
        var config = FleetConfig.Of(_settings, FleetStart.First);

        Assert.Equal(times.Heartbeat, config.GetTimeSpan("akka.cluster.failure-detector.heartbeat-interval"));
        Assert.Equal(
            times.AcceptablePause, config.GetTimeSpan("akka.cluster.failure-detector.acceptable-heartbeat-pause"));
        Assert.Equal(times.StableAfter, config.GetTimeSpan("akka.cluster.split-brain-resolver.stable-after"));
        Assert.Equal(times.RemovalMargin, config.GetTimeSpan("akka.cluster.down-removal-margin"));
        Assert.Equal(times.Gossip, config.GetTimeSpan("akka.cluster.gossip-interval"));
        Assert.Equal(times.JoinRetry, config.GetTimeSpan("akka.cluster.retry-unsuccessful-join-after"));
        Assert.Equal(times.Reconnect, config.GetTimeSpan("akka.remote.retry-gate-closed-for"));
        Assert.Equal(times.Connect, config.GetTimeSpan("akka.remote.handshake-timeout"));
    }

    /// <summary>A lost host's shards are promised to answer elsewhere in less than 45 s.</summary>
    [Fact]
    public void A_lost_host_is_replaced_well_within_what_is_promised()
    {
        var times = FleetTimes.Default;

        var until = times.Heartbeat + times.AcceptablePause + times.StableAfter + times.RemovalMargin;

        Assert.InRange(until, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.True(times.RemovalMargin > TimeSpan.FromSeconds(3), "the losing side ends 3 s after its decision");
        Assert.True(FleetTimes.Lab.AcceptablePause >= TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Addresses_have_TLS_and_the_fleet_in_them()
    {
        Assert.Equal("akka.ssl.tcp://fleet-prod@web1:2552", FleetConfig.AddressOf(_settings, _own).ToString());
        Assert.Equal(
            "akka.ssl.tcp://fleet-prod@[fd00::1]:2552",
            FleetConfig.AddressOf(_settings, Address("[fd00::1]:2552")).ToString());
        var config = FleetConfig.Of(_settings, FleetStart.First);
        Assert.Equal(
            ["akka.ssl.tcp://fleet-prod@web1:2552", "akka.ssl.tcp://fleet-prod@web2:2552"],
            config.GetStringList("akka.cluster.seed-nodes"));
        Assert.True(config.GetBoolean("akka.remote.dot-netty.tcp.enable-ssl"));
    }

    [Fact]
    public void It_may_listen_elsewhere_than_where_it_is_reached()
    {
        var config = FleetConfig.Of(
            _settings with { Listen = new IPEndPoint(IPAddress.Any, 7000) }, FleetStart.First);

        Assert.Equal("0.0.0.0", config.GetString("akka.remote.dot-netty.tcp.hostname"));
        Assert.Equal(7000, config.GetInt("akka.remote.dot-netty.tcp.port"));
        Assert.Equal("web1", config.GetString("akka.remote.dot-netty.tcp.public-hostname"));
        Assert.Equal(2552, config.GetInt("akka.remote.dot-netty.tcp.public-port"));
    }

    [Fact]
    public void The_first_seed_makes_no_second_fleet_while_others_do_not_answer()
    {
        var patient = _settings with { FormAfter = TimeSpan.FromSeconds(7) };

        Assert.True(SeedPatience(_settings, FleetStart.First) > TimeSpan.FromDays(30_000));
        Assert.Equal(TimeSpan.FromSeconds(7), SeedPatience(patient, FleetStart.First));
        Assert.True(SeedPatience(patient, FleetStart.Again) > TimeSpan.FromDays(30_000));
        Assert.Equal(
            FleetTimes.Default.SeedRetry,
            SeedPatience(_settings with { Address = Address("web2:2552") }, FleetStart.Again));
    }

    [Fact]
    public void The_houses_own_timers_are_used_and_the_process_never_ends_with_the_fleet()
    {
        var config = FleetConfig.Of(_settings, FleetStart.First);

        Assert.Equal(typeof(RuntimeTimers).AssemblyQualifiedName, config.GetString("akka.scheduler.implementation"));
        Assert.False(config.GetBoolean("akka.coordinated-shutdown.exit-clr"));
        Assert.False(config.GetBoolean("akka.coordinated-shutdown.run-by-clr-shutdown-hook"));
    }

    private static TimeSpan SeedPatience(FleetSettings settings, FleetStart start) =>
        FleetConfig.Of(settings, start).GetTimeSpan("akka.cluster.seed-node-timeout");

    private static MemberAddress Address(string text) => FleetHost.AddressOf(text);

    /// <summary>All reference configurations that the assemblies of Akka carry.</summary>
    private static Config Reference()
    {
        var texts = from name in _assemblies
            let assembly = System.Reflection.Assembly.Load(name)
            from resource in assembly.GetManifestResourceNames()
            where resource.EndsWith(".conf", StringComparison.OrdinalIgnoreCase)
            select new StreamReader(assembly.GetManifestResourceStream(resource)!).ReadToEnd();
        return texts.Select(text => ConfigurationFactory.ParseString(text))
            .Aggregate((first, second) => first.WithFallback(second));
    }

    private static IEnumerable<string> Leaves(HoconValue value, string path)
    {
        if (!value.IsObject())
            return [path];
        return value.GetObject().Items.SelectMany(
            item => Leaves(item.Value, path.Length == 0 ? item.Key : $"{path}.{item.Key}"));
    }
}
