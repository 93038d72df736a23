using System.Globalization;
using Akka.Configuration;
using Akka.Persistence.Sql;
using Akka.Persistence.Sql.Config;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>The HOCON of a fleet's entities: their journal, their serialization, when they leave memory.
/// Pure.</summary>
internal static class EntityConfig
{
    /// <summary>Connections of journal and snapshots. They are passed beside the text, so that an operator's setting is
    /// not parsed as HOCON.</summary>
    public static DataOptionsSetup Connections(FleetEntitySettings settings) => new(settings.Database.Options);

    public static Config Of(FleetEntitySettings settings) =>
        ConfigurationFactory.ParseString(Text(settings)).WithFallback(SqlPersistence.DefaultConfiguration);

    private static string Text(FleetEntitySettings settings) => $$"""
        akka {
          cluster.sharding.passivate-idle-entity-after = {{Time(settings.Times.Idle)}}
          persistence {
            # Below the connections of a host, so that writes find one, too.
            max-concurrent-recoveries = {{settings.Times.Recoveries}}
            journal {
              plugin = "akka.persistence.journal.sql"
              sql {
        {{Plugin(settings)}}
                tag-write-mode = Csv
                # It leaves out what an earlier writer wrote after a later one. Writers are hosts here, not
                # instances: an entity that comes back to a host would lose what it writes there. The journal's key
                # fences stale writers.
                replay-filter.mode = off
              }
            }
            snapshot-store {
              plugin = "akka.persistence.snapshot-store.sql"
              sql {
        {{Plugin(settings)}}
              }
            }
          }
          actor {
            serializers.dmagents-fleet = "{{typeof(FleetSerializer).AssemblyQualifiedName}}"
            serialization-identifiers {
              "{{typeof(FleetSerializer).AssemblyQualifiedName}}" = {{FleetSerializer.Id}}
            }
            serialization-bindings {
        {{string.Join('\n', FleetSerializer.Bound.Select(type =>
            $"      \"{type.FullName!.Replace('+', '.')}, {type.Assembly.GetName().Name}\" = dmagents-fleet"))}}
            }
          }
        }
        """;

    /// <summary>The settings that journal and snapshots share. The database's probe creates the tables. The gate
    /// replaces a circuit breaker, which would refuse for a while after the database is back.</summary>
    private static string Plugin(FleetEntitySettings settings) => $$"""
                connection-string = "given beside"
                provider-name = "{{settings.Database.Provider}}"
                auto-initialize = off
                recovery-event-timeout = {{Time(settings.Times.Journal)}}
                circuit-breaker {
                  max-failures = 1000000000
                  call-timeout = {{Time(settings.Times.Journal)}}
                  reset-timeout = 1s
                }
        """;

    private static string Time(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMilliseconds}ms");
}
