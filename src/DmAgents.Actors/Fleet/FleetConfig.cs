using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Fleet;

/// <summary>Why a fleet's actor system starts.</summary>
public enum FleetStart
{
    /// <summary>The host has not been a member since it entered, or is on the surviving side and has another
    /// certificate: a first seed may form the fleet.</summary>
    First,

    /// <summary>The host was a member, and the fleet continues without it: it forms no fleet of its own.</summary>
    Again,
}

/// <summary>The HOCON of a fleet's actor system: pure, and derived from typed settings alone.</summary>
public static class FleetConfig
{
    /// <summary>Prefix of a host's name in its member's roles: members show nothing else of themselves.</summary>
    public const string HostRole = "host-";

    /// <summary>A timeout that never expires: a hundred years, which Akka can still add to the time.</summary>
    private static readonly TimeSpan _never = TimeSpan.FromDays(36_500);

    /// <summary>The actor system's name. Hosts of a fleet with another name have other addresses.</summary>
    public static string SystemName(FleetName fleet) => $"fleet-{fleet}";

    /// <summary>A host's address as Akka spells it. TLS is part of it: a host without TLS cannot resolve the
    /// address.</summary>
    public static Address AddressOf(FleetSettings settings, MemberAddress member) => new(
        string.Join('.', ["akka", .. settings.Adapters, "ssl", "tcp"]), SystemName(settings.Fleet),
        Bracketed(member.Host), member.Port);

    public static Config Of(FleetSettings settings, FleetStart start)
    {
        var config = ConfigurationFactory.ParseString(settings.Overrides)
            .WithFallback(ConfigurationFactory.ParseString(Text(settings, start)));
        return settings.Entities is { } entities
            ? config.WithFallback(EntityConfig.Of(entities)).WithFallback(ActorsConfig.Default)
            : config.WithFallback(ActorsConfig.Default);
    }

    internal static string Text(FleetSettings settings, FleetStart start) => $$"""
        akka {
          loglevel = {{LevelName(settings.LogLevel)}}
          {{(settings.LogBridge is { } bridge ? $"loggers = [\"{bridge.AssemblyQualifiedName}\"]" : "")}}
          # Messages to a host that is gone are expected, and would be logged one by one.
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          actor.provider = cluster
          coordinated-shutdown {
            # A downing ends this system and nothing else: the host's own continues.
            exit-clr = off
            # The agent leaves the fleet as a part of its own stop, in its order and within its deadline. A hook of the
            # runtime's would begin at SIGTERM, beside that, and hold the process at its end.
            run-by-clr-shutdown-hook = off
            # A failed handshake ends no system: see FleetEnd.
            phases.{{FleetEnd.Phase}}.timeout = {{Time(_never)}}
          }
        {{Remote(settings)}}
        {{Cluster(settings, start)}}
        }
        """;

    private static string Remote(FleetSettings settings) => $$"""
          remote {
            # What was cut off is seen again within this time.
            retry-gate-closed-for = {{Time(settings.Times.Reconnect)}}
            handshake-timeout = {{Time(settings.Times.Connect)}}
            # A frame has 128,000 bytes, and a larger message is lost; this names what comes close.
            log-frame-size-exceeding = 100000b
            dot-netty.tcp {
              {{(settings.Adapters.IsEmpty ? "" : $"applied-adapters = [{string.Join(", ", settings.Adapters)}]")}}
              # Without it the certificates of the setup are not used, and everything is sent in the clear.
              enable-ssl = true
              connection-timeout = {{Time(settings.Times.Connect)}}
              {{Listening(settings)}}
            }
          }
        """;

    private static string Listening(FleetSettings settings)
    {
        var (host, port) = settings.Listen is { } listen
            ? (listen.Address.ToString(), listen.Port)
            : (settings.Address.Host, settings.Address.Port);
        var family = IPAddress.TryParse(host, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6;
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""
              hostname = "{{host}}", port = {{port}}
                    public-hostname = "{{settings.Address.Host}}", public-port = {{settings.Address.Port}}
                    dns-use-ipv6 = {{(family ? "on" : "off")}}
              """);
    }

    private static string Cluster(FleetSettings settings, FleetStart start)
    {
        var times = settings.Times;
        return $$"""
          cluster {
            seed-nodes = [{{string.Join(", ", settings.Seeds.Select(seed => $"\"{AddressOf(settings, seed)}\""))}}]
            seed-node-timeout = {{Time(SeedPatience(settings, start))}}
            retry-unsuccessful-join-after = {{Time(times.JoinRetry)}}
            roles = ["{{HostRole}}{{settings.Host}}"]
            app-version = "{{settings.Version}}"
            periodic-tasks-initial-delay = {{Time(times.Gossip)}}
            gossip-interval = {{Time(times.Gossip)}}
            leader-actions-interval = {{Time(times.Gossip)}}
            unreachable-nodes-reaper-interval = {{Time(times.Gossip)}}
            # A host is let in by the whole fleet or waits: one that is let in during a split counts on no side of it.
            allow-weakly-up-members = off
            failure-detector {
              heartbeat-interval = {{Time(times.Heartbeat)}}
              acceptable-heartbeat-pause = {{Time(times.AcceptablePause)}}
            }
            # The larger side stays, of two halves the one with the lowest address. Every host that is up counts: no
            # quorum has to be set when hosts come and go.
            downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
            split-brain-resolver {
              active-strategy = keep-majority
              stable-after = {{Time(times.StableAfter)}}
              # If links flap for longer than this and three quarters of it, sides could decide by different pictures:
              # all hosts end then, and come back by themselves.
              down-all-when-unstable = on
            }
            # Of zero Akka makes stable-after.
            down-removal-margin = {{Time(times.RemovalMargin)}}
            run-coordinated-shutdown-when-down = on
            sharding {
              # The default is to journal in each host's own journal, which no other host can read.
              state-store-mode = ddata
              # Entities are started by what is asked of them; they recover from the fleet's journal.
              remember-entities = off
              retry-interval = 1s
              # With Akka's majority and 3 or 5 more a small fleet answers nothing while a host is unreachable.
              coordinator-state {
                write-majority-plus = 0
                read-majority-plus = 0
              }
              distributed-data {
                majority-min-cap = 2
                # Nothing is written to the host's disk: the coordinator's state is made anew.
                durable.keys = []
              }
            }
          }
        """;
    }

    /// <summary>After this time the first seed forms a fleet of its own; the other hosts ask again.</summary>
    private static TimeSpan SeedPatience(FleetSettings settings, FleetStart start)
    {
        var isFirst = !settings.Seeds.IsEmpty && settings.Seeds[0] == settings.Address;
        if (!isFirst)
            return settings.Times.SeedRetry;
        return start == FleetStart.First ? settings.FormAfter ?? _never : _never;
    }

    private static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;

    private static string Time(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMilliseconds}ms");

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.DebugLevel => "DEBUG",
        LogLevel.InfoLevel => "INFO",
        LogLevel.WarningLevel => "WARNING",
        LogLevel.ErrorLevel => "ERROR",
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, "no level of Akka's"),
    };
}
